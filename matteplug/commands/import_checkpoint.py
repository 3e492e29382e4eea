"""``matteplug import-checkpoint``: turn a public checkpoint into one verified ONNX file."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from matteplug.commands import graph_file
from matteplug.hookspecs import Command
from matteplug.network import COMMERCIAL
from matteplug.networks import cards
from matteplug.plugins import registry


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="import-checkpoint",
        help="Convert a public checkpoint to one ONNX file; nothing in it is executed.",
        configure=_configure,
        run=_run,
        examples=("matteplug import-checkpoint FILE.ckpt --network modnet --out modnet.onnx",),
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    known = ", ".join(sorted(registry().public_checkpoints))
    add("checkpoint", type=Path, help="the public file")
    add("--network", required=True, help=f"what the file is: {known}")
    add("--licence", help="licence of these weights (default: as their authors state it)")
    add("--commercial", choices=COMMERCIAL, help="whether that allows commercial use")
    graph_file.configure(parser)


def _run(args: argparse.Namespace) -> int:
    family_spec, public = registry().public_checkpoint(args.network)
    graph_file.require_torch("Importing a checkpoint")
    from matteplug.networks import checkpoints, families

    family = families.family(family_spec.id, public.config)
    model = checkpoints.load(args.network, checkpoints.read_public(args.checkpoint))
    config = _config_of(model, family.CONFIGS, public.config)
    stated = public.commercial if args.licence is None else COMMERCIAL[0]
    spec = replace(
        family.spec(config),
        id=public.network_id,
        title=f"{args.network} (public weights)",
        licence=public.licence if args.licence is None else args.licence,
        licence_code=family_spec.licence,
        commercial=args.commercial or stated,
        training_data=f"Imported from the public checkpoint {args.checkpoint.name}.",
        provenance={"config": config},
    )
    status = graph_file.write(args, family.export_module(model), spec)
    card = args.out.with_suffix(".md")
    weights = f"{args.checkpoint.name}; published as: {public.source or 'not known'}"
    card.write_text(cards.text(spec, weights), encoding="utf-8")
    print(f"wrote {card}, what is known about these weights")
    return status


def _config_of(model: object, configs: Mapping[str, object], default: str) -> str:
    """Return the configuration that an import recognised, if the model says which."""
    config = getattr(model, "config", None)
    return next((name for name, known in configs.items() if known == config), default)
