"""``matteplug export``: turn a trained network's checkpoint into one verified ONNX file."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from matteplug.commands import graph_file
from matteplug.errors import RequestError
from matteplug.hookspecs import Command
from matteplug.network import COMMERCIAL
from matteplug.plugins import registry


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="export",
        help="Export a trained network to one ONNX file, verified against torch before writing.",
        configure=_configure,
        run=_run,
        examples=(
            "matteplug export citm --config compact --checkpoint runs/citm/last.pt --out citm.onnx",
        ),
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("network", help='the network ("citm")')
    add("--config", required=True, help='its configuration ("paper" or "compact")')
    add("--checkpoint", required=True, type=Path, help="file written by the training")
    add("--licence", default="Apache-2.0", help="licence of the weights (default %(default)s)")
    add("--commercial", choices=COMMERCIAL, default=COMMERCIAL[0], help="commercial use of them")
    add("--training-data", default="", metavar="SENTENCE", help="what it was trained on")
    add("--metrics", type=Path, metavar="JSON", help="file written by `matteplug evaluate --json`")
    graph_file.configure(parser)


def _run(args: argparse.Namespace) -> int:
    metrics = _metrics(args.metrics) if args.metrics else {}
    graph_file.require_torch("Exporting")
    print(
        f"Exporting {args.network} {args.config} from {args.checkpoint} to {args.out}. "
        "The graph is traced, then compared with torch size by size; that takes minutes.",
        file=sys.stderr,
        flush=True,
    )
    from matteplug.networks import checkpoints, families

    family = families.family(args.network, args.config)
    checkpoint = checkpoints.read(args.checkpoint, args.network, args.config)
    model = family.build(args.config)
    checkpoints.load_into(model, checkpoint.state, f"a checkpoint of {args.network} {args.config}")
    spec = replace(
        family.spec(args.config),
        licence=args.licence,
        licence_code=registry().family(args.network).licence,
        commercial=args.commercial,
        training_data=args.training_data,
        metrics=metrics,
        provenance={"config": args.config},
    )
    return graph_file.write(args, family.export_module(model), spec)


def _metrics(path: Path) -> dict[str, object]:
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RequestError("metrics-unreadable", f"{path} cannot be read: {error}.") from error
    if not isinstance(metrics, dict):
        raise RequestError("metrics-unreadable", f"{path} is not a report of `matteplug evaluate`.")
    return metrics
