"""``matteplug hosts``: which editors there is a plug-in for; install it, or remove it again."""

from __future__ import annotations

import argparse
from pathlib import Path

from matteplug.errors import RequestError
from matteplug.hookspecs import Command
from matteplug.host_files import HostFiles
from matteplug.plugins import registry, resolve


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="hosts",
        help="List the editors that matteplug has a plug-in for; install it, or remove it.",
        configure=_configure,
        run=_run,
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", dest="action")
    for action, words in (("install", "install the plug-in"), ("uninstall", "remove it again")):
        one = actions.add_parser(action, help=words)
        one.add_argument("id", help="the host's id, as `matteplug hosts` lists it")
        one.add_argument(
            "--folder", type=Path, help="the program's plug-ins folder, where it is another"
        )


def _run(args: argparse.Namespace) -> int:
    if args.action is None:
        _print_table()
        return 0
    files = _files(args.id, args.folder)
    if args.action == "install":
        files.install()
        print(f"Installed in {files.folder}. Start the program again to see it.")
    elif files.uninstall():
        print(f"Removed {files.folder}.")
    else:
        print(f"There is nothing in {files.folder}.")
    return 0


def _files(host_id: str, folder: Path | None = None) -> HostFiles:
    hosts = registry().hosts
    if host_id not in hosts or hosts[host_id].install is None:
        known = ", ".join(sorted(key for key, host in hosts.items() if host.install))
        raise RequestError(
            "host-unknown", f'There is no plug-in for a host "{host_id}".', f"Known: {known}."
        )
    files: HostFiles = resolve(hosts[host_id].install or "")(folder)
    return files


def _print_table() -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("host", "what it is", "its plug-in", "where")
    for host in registry().hosts.values():
        if host.install is None:
            table.add_row(host.id, host.title, "needs none", "")
        else:
            files = _files(host.id)
            table.add_row(host.id, host.title, files.state(), str(files.folder))
    Console().print(table)
