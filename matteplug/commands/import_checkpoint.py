"""``matteplug import-checkpoint``: turn a public checkpoint into one verified ONNX file."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from matteplug.commands import graph_file
from matteplug.hookspecs import Command
from matteplug.plugins import registry


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="import-checkpoint",
        help="Convert a public checkpoint to one ONNX file; nothing in it is executed.",
        configure=_configure,
        run=_run,
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    known = ", ".join(sorted(registry().public_checkpoints))
    add("checkpoint", type=Path, help="the public file")
    add("--network", required=True, help=f"what the file is: {known}")
    add("--licence", default="", help="licence of these weights, as their authors state it")
    graph_file.configure(parser)


def _run(args: argparse.Namespace) -> int:
    family_spec, public = registry().public_checkpoint(args.network)
    graph_file.require_torch("Importing a checkpoint")
    from matteplug.networks import checkpoints, families

    family = families.family(family_spec.id, public.config)
    model = checkpoints.load(args.network, checkpoints.read_public(args.checkpoint))
    spec = replace(
        family.spec(public.config),
        id=public.network_id,
        title=f"{args.network} (public weights)",
        licence=args.licence,
        training_data=f"Imported from the public checkpoint {args.checkpoint.name}.",
        provenance={"config": public.config},
    )
    return graph_file.write(args, family.export_module(model), spec)
