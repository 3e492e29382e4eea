"""``matteplug networks``: list the networks; add, find, get, measure and remove your own."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module

from matteplug import listing, weights
from matteplug.errors import MatteplugError
from matteplug.hookspecs import Command
from matteplug.network import FamilySpec, NetworkSpec
from matteplug.plugins import registry


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="networks",
        help="List the networks; add, find, get, measure or remove ONNX files.",
        configure=_configure,
        run=_run,
        examples=(
            "matteplug networks",
            "matteplug networks --json",
            "matteplug networks add u2netp.onnx                      # a known public file",
            "matteplug networks add modnet.onnx --spec modnet.json",
            "matteplug networks add own.onnx --spec own.json --id own",
            "matteplug networks find    # the files of rembg on this machine",
            "matteplug networks known",
            "matteplug networks get u2netp",
            "matteplug networks measure own pictures",
            "matteplug networks remove modnet",
        ),
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
    rows = [
        (spec.id, spec.guide.value, _state(spec), spec.terms, spec.title)
        for spec in registry().networks.values()
    ]
    installed = registry().networks
    waiting = [family for family in registry().families.values() if family.id not in installed]
    rows += [(family.id, "–", "needs weights", "–", family.title) for family in waiting]
    listing.show(("network", "guide", "state", "licences, commercial use", "title"), rows)
    if sys.stdout.isatty():
        for family in waiting:
            print(f"\n{family.title or family.id}: {_without_weights(family)}")


def _state(spec: NetworkSpec) -> str:
    """Return "ready", or what the network needs before it can run."""
    try:
        if spec.solver is None:
            weights.path_of(spec)
        else:
            check = getattr(import_module(spec.solver.partition(":")[0]), "check", None)
            if check is not None:
                check()
    except MatteplugError as error:
        return f"needs: {(error.hint or error.message).removeprefix('Run: ')}"
    return "ready"


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
