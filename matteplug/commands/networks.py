"""``matteplug networks``: list the networks; add, find, get, measure and remove your own."""

from __future__ import annotations

import argparse
import json

from matteplug.hookspecs import Command
from matteplug.network import FamilySpec
from matteplug.plugins import registry


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="networks",
        help="List the networks; add, find, get, measure or remove ONNX files.",
        configure=_configure,
        run=_run,
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    from matteplug.commands import network_files, network_measure

    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    actions = parser.add_subparsers(title="actions", dest="action")

    def action(name: str, text: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=text, description=text)

    network_files.configure_add(action("add", "register an ONNX file"))
    network_files.configure_find(action("find", "offer the files that other programs keep here"))
    network_files.configure_get(action("get", "fetch a known public file and register it"))
    action("known", "list the public files that are known")
    network_measure.configure(action("measure", "measure a network that was added"))
    remove = action("remove", "remove a network that was added")
    remove.add_argument("id", help="the network's id")


def _run(args: argparse.Namespace) -> int:
    from matteplug.commands import network_files, network_measure
    from matteplug.networks import added

    actions = {
        "add": network_files.add,
        "find": network_files.find,
        "get": network_files.get,
        "known": network_files.known,
        "measure": network_measure.run,
    }
    if args.action in actions:
        return actions[args.action](args)
    if args.action == "remove":
        added.remove(args.id)
        print(f"Removed {args.id}.")
    elif args.json:
        print(json.dumps([spec.to_json() for spec in registry().networks.values()], indent=2))
    else:
        _print_table()
    return 0


def _print_table() -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("network", "title", "guide", "licences, commercial use", "weights")
    for spec in registry().networks.values():
        table.add_row(spec.id, spec.title, spec.guide.value, spec.terms, spec.weights or "none")
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
        licence = public.licence or "not stated"
        lines.append(f"    licence: {licence}; commercial use: {public.commercial}")
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
