"""``matteplug networks``: list the networks, add one of your own, remove it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from matteplug.hookspecs import Command
from matteplug.network import FamilySpec, NetworkSpec, PublicCheckpoint
from matteplug.plugins import registry


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="networks",
        help="List the networks; add or remove an ONNX file of your own.",
        configure=_configure,
        run=_run,
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    actions = parser.add_subparsers(title="actions", dest="action")
    add = actions.add_parser("add", help="register an ONNX file")
    add.add_argument(
        "onnx", type=Path, metavar="FILE.onnx", help="the graph, with its weights inside"
    )
    add.add_argument(
        "--spec", type=Path, required=True, help="JSON file that describes the network"
    )
    remove = actions.add_parser("remove", help="remove a network that was added")
    remove.add_argument("id", help="the network's id")


def _run(args: argparse.Namespace) -> int:
    from matteplug.networks import added, onnx_file

    if args.action == "add":
        spec = _free(added.read_spec(args.spec))
        onnx_file.check(args.onnx)
        _try(args.onnx, spec)
        spec = added.add(args.onnx, spec)
        print(f"Added {spec.id}: {spec.title}.")
    elif args.action == "remove":
        added.remove(args.id)
        print(f"Removed {args.id}.")
    elif args.json:
        print(json.dumps([spec.to_json() for spec in registry().networks.values()], indent=2))
    else:
        _print_table()
    return 0


def _free(spec: NetworkSpec) -> NetworkSpec:
    """Return `spec` if no plug-in provides a network of its name.

    Raises:
        NetworkError: one does.
    """
    from matteplug.errors import NetworkError

    for plugin in registry().plugins:
        if spec.id in plugin.networks and plugin.name != "user-networks":
            raise NetworkError(
                "name-taken",
                f"{plugin.distribution} already provides a network named {spec.id}.",
                "Choose another id in the spec.",
            )
    return spec


def _try(graph: Path, spec: NetworkSpec) -> None:
    """Run the graph once, on the CPU and in a process of its own.

    Raises:
        EngineError: ONNX Runtime is missing.
        NetworkError: the graph cannot be loaded or run, or returns something else than the spec
            says.
    """
    from matteplug.errors import NetworkError
    from matteplug.runtime import ort, probe
    from matteplug.runtime.providers import CPU

    ort.available()
    verdict = probe.probe(spec, graph, CPU)
    if not verdict.loads or verdict.correct is False:
        raise NetworkError(
            "network-fails",
            f"{graph} does not work as {spec.id}: {verdict.reason}.",
            "Correct the spec, or export the graph again.",
        )


def _print_table() -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("network", "title", "guide", "licence", "weights")
    for spec in registry().networks.values():
        table.add_row(
            spec.id, spec.title, spec.guide.value, spec.licence or "–", spec.weights or "none"
        )
    Console(markup=False).print(table)
    installed = registry().networks
    for family in registry().families.values():
        if family.id not in installed:
            print(f"\n{family.title or family.id}: {_without_weights(family)}")


def _without_weights(family: FamilySpec) -> str:
    """Return what can be said of a family none of whose networks is installed."""
    lines = ["no weights are installed."]
    for public in family.public_checkpoints:
        lines.append(f"  public weights: {public.source or public.name}")
        lines.append(f"    licence: {public.licence or 'not stated'}; {_commercial(public)}")
        lines.append(
            f"    matteplug import-checkpoint FILE --network {public.name} "
            f"--out {public.network_id}.onnx"
        )
        lines.append(
            f"    matteplug networks add {public.network_id}.onnx --spec {public.network_id}.json"
        )
    if not family.public_checkpoints:
        lines.append("  no public weights can be imported")
    lines.append(f"  train it: matteplug train {family.id}")
    return "\n".join(lines)


def _commercial(public: PublicCheckpoint) -> str:
    if public.commercial is None:
        return "commercial use: not stated"
    return f"commercial use {'allowed' if public.commercial else 'not allowed'}"
