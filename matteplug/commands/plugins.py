"""``matteplug plugins``: list what is installed, and what is broken and why."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from matteplug import listing
from matteplug.hookspecs import Command
from matteplug.plugins import Plugin, registry

_KINDS = ("networks", "families", "hosts", "commands")


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="plugins",
        help="List the plug-ins, what they provide, and why a broken one was skipped.",
        configure=_configure,
        run=_run,
        examples=("matteplug plugins", "matteplug plugins --json"),
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _run(args: argparse.Namespace) -> int:
    plugins = registry().plugins
    if args.json:
        print(json.dumps([asdict(plugin) for plugin in plugins], indent=2))
    else:
        _print_table(plugins)
    return 1 if any(plugin.broken for plugin in plugins) else 0


def _print_table(plugins: list[Plugin]) -> None:
    rows = []
    for plugin in plugins:
        brought = {kind: getattr(plugin, kind) for kind in _KINDS}
        brings = "; ".join(
            f"{kind}: {', '.join(names)}" for kind, names in brought.items() if names
        )
        rows.append((plugin.name, plugin.distribution, plugin.broken or "works", brings))
    listing.show(("plug-in", "distribution", "state", "provides"), rows)
