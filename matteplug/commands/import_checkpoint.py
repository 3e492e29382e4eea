"""``matteplug import-checkpoint``: turn a public checkpoint into one verified ONNX file."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from matteplug.commands import graph_file
from matteplug.hookspecs import Command
from matteplug.network import NetworkSpec, PublicCheckpoint
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
    add("--licence", help="licence of these weights (default: as their authors state it)")
    graph_file.configure(parser)


def _run(args: argparse.Namespace) -> int:
    family_spec, public = registry().public_checkpoint(args.network)
    graph_file.require_torch("Importing a checkpoint")
    from matteplug.networks import checkpoints, families

    family = families.family(family_spec.id, public.config)
    model = checkpoints.load(args.network, checkpoints.read_public(args.checkpoint))
    config = _config_of(model, family.CONFIGS, public.config)
    spec = replace(
        family.spec(config),
        id=public.network_id,
        title=f"{args.network} (public weights)",
        licence=public.licence if args.licence is None else args.licence,
        training_data=f"Imported from the public checkpoint {args.checkpoint.name}.",
        provenance={"config": config},
    )
    status = graph_file.write(args, family.export_module(model), spec)
    card = args.out.with_suffix(".md")
    card.write_text(_card(spec, public, args.checkpoint), encoding="utf-8")
    print(f"wrote {card}, what is known about these weights")
    return status


def _card(spec: NetworkSpec, public: PublicCheckpoint, checkpoint: Path) -> str:
    """Return the model card of an imported network."""
    commercial = {None: "not stated", True: "allowed", False: "not allowed"}[public.commercial]
    whole = "" if spec.tiling else ", which it sees whole"
    rows = {
        "architecture": spec.citation,
        "weights": f"{checkpoint.name}; published as: {public.source or 'not known'}",
        "licence of the weights": spec.licence or "not stated",
        "commercial use": commercial,
        "needs": f"the picture{whole}, and {spec.guide.value} as a guide",
        "trained on": "what its authors describe; not checked here",
        "measured here": "nothing, until `matteplug evaluate` has run on it",
    }
    if spec.guide.value == "none":
        rows["needs"] = f"the picture{whole}; no guide"
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join([f"# {spec.title}: model card", "", "| | |", "|---|---|", *lines, ""])


def _config_of(model: object, configs: Mapping[str, object], default: str) -> str:
    """Return the configuration that an import recognised, if the model says which."""
    config = getattr(model, "config", None)
    return next((name for name, known in configs.items() if known == config), default)
