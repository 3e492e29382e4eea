"""``matteplug import-checkpoint``: a public checkpoint to one proven ONNX file."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from matteplug.commands import graph_file
from matteplug.errors import NetworkError
from matteplug.hookspecs import Command

# The public network to the family and configuration whose graph it has, and the id it gets: never
# that of a built-in network.
_FAMILIES = {
    "matteformer": ("citm", "paper", "matteformer"),
    "background-matting": ("background-matting", "paper", "background-matting-public"),
}


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="import-checkpoint",
        help="Turn a public checkpoint into one ONNX file; nothing in it is executed.",
        configure=_configure,
        run=_run,
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("checkpoint", type=Path, help="the public file")
    add("--network", required=True, help=f"what it is: {', '.join(_FAMILIES)}")
    add("--licence", default="", help="licence of these weights, as their authors state it")
    graph_file.configure(parser)


def _run(args: argparse.Namespace) -> int:
    if args.network not in _FAMILIES:
        raise NetworkError(
            "checkpoint-unknown",
            f"There is no import for checkpoints called {args.network!r}.",
            f"Known: {', '.join(_FAMILIES)}.",
        )
    from matteplug.networks import checkpoints, families

    family_id, config, network_id = _FAMILIES[args.network]
    family = families.family(family_id)
    model = checkpoints.load(args.network, checkpoints.read_public(args.checkpoint))
    spec = replace(
        family.spec(config),
        id=network_id,
        title=f"{args.network} (public weights)",
        licence=args.licence,
        training_data=f"Imported from the public checkpoint {args.checkpoint.name}.",
        provenance={"config": config},
    )
    return graph_file.write(args, family.export_module(model), spec)
