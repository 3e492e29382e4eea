"""``matteplug hosts``: list the editors on this machine; install, check or remove their plug-in."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from matteplug import listing
from matteplug.errors import RequestError, known_names
from matteplug.hookspecs import Command
from matteplug.host import HostSpec
from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation, find
from matteplug.hosting.versions import version_of
from matteplug.plugins import registry, resolve
from matteplug.terminal import confirmed


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="hosts",
        help="List the editors on this machine; install, check or remove their plug-in.",
        configure=_configure,
        run=_run,
        examples=(
            "matteplug hosts",
            "matteplug hosts install          # asks for each program that is found",
            "matteplug hosts install --all    # does not ask",
            "matteplug hosts install gimp3",
            "matteplug hosts check gimp3      # GIMP makes a matte",
            "matteplug hosts uninstall gimp3",
        ),
    )


_ACTIONS = (
    (
        "install",
        "install the plug-in in a host; without an id, update it where it is, and ask elsewhere",
    ),
    ("check", "have the program make a matte, and report what is wrong"),
    ("uninstall", "remove the plug-in"),
)


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    actions = parser.add_subparsers(title="actions", dest="action")
    for action, text in _ACTIONS:
        one = actions.add_parser(action, help=text)
        one.add_argument(
            "id",
            nargs="?" if action == "install" else None,
            help="the host's id, as `matteplug hosts` lists it",
        )
        one.add_argument(
            "--folder", type=Path, help="the program's plug-ins folder, if it is not the usual one"
        )
        if action == "install":
            one.add_argument(
                "--all", action="store_true", help="install in every program found, without asking"
            )
            one.add_argument(
                "--dev", action="store_true", help="link to the sources instead of copying them"
            )


def _run(args: argparse.Namespace) -> int:
    if args.action is None:
        _list(args.json)
        return 0
    if args.id is None:
        _install_where_found(args.folder, everywhere=args.all, link=args.dev)
        return 0
    spec = _spec(args.id)
    installations = _installations(spec, args.folder)
    if args.action == "check":
        _check(spec, installations)
        return 0
    for installation, files in _halves(spec, installations):
        if args.action == "install":
            _install(files, installation, link=args.dev)
        else:
            print(f"Removed {files.folder}." if files.uninstall() else f"Not in {files.folder}.")
    return 0


def _install(files: HostFiles, installation: Installation, *, link: bool) -> None:
    backup = files.install(link=link)
    print(f"Installed in {files.folder}. Restart the program to see it.")
    if backup is not None:
        print(f"  The previous files are in {backup}.")
    for note in filter(None, (files.note, installation.note)):
        print(f"  {note}")


def _install_where_found(folder: Path | None, *, everywhere: bool, link: bool) -> None:
    """Reinstall the plug-in where it is installed, links as links, and offer it elsewhere."""
    if folder is not None:
        raise RequestError(
            "host-unnamed",
            "No host was named for --folder.",
            f"Run: matteplug hosts install ID --folder {folder}. `matteplug hosts` lists the ids.",
        )
    installed, declined = False, False
    for spec in registry().hosts.values():
        for installation, files in _halves(spec, find(spec.packagings) if spec.install else []):
            state = files.state()
            where = f"{spec.title}, {installation.kind}: {files.folder}"
            if state != "not installed" or everywhere or confirmed(f"Install in {where}?"):
                _install(files, installation, link=link or state == "linked")
                installed = True
            else:
                print(f"Not installed in {where}.")
                declined = True
    if not (installed or declined):
        titles = [spec.title for spec in registry().hosts.values() if spec.install]
        raise RequestError(
            "host-none-found",
            f"None of these was found on this machine: {', '.join(titles)}.",
            "Install one and start it once, or name its plug-ins folder: "
            "matteplug hosts install ID --folder PLUG-INS. `matteplug hosts` lists the ids.",
        )
    if not installed and not sys.stdin.isatty():
        raise RequestError(
            "host-not-asked",
            "Nothing was installed, since there is no terminal to ask on.",
            "Run: matteplug hosts install --all, or: matteplug hosts install ID.",
        )


def _check(spec: HostSpec[Any], installations: list[Installation]) -> None:
    if spec.check is None:
        raise RequestError("host-unchecked", f"There is no check for {spec.title}.")
    check = resolve(spec.check)
    for installation in installations:
        files = _files(spec, installation)
        state = files.state()
        if state == "not installed":
            raise RequestError(
                "host-not-installed",
                f"The plug-in is not in {installation.folder}.",
                f"Run: matteplug hosts install {spec.id}",
            )
        if state == "outdated":
            print(f"The plug-in is outdated. Run: matteplug hosts install {spec.id}")
        if not files.enabled:
            raise RequestError(
                "host-disabled",
                f"The plug-in is switched off in {spec.title}.",
                f"Switch it on in the settings, or run: matteplug hosts install {spec.id}",
            )
        print(check(installation))


def _spec(host_id: str) -> HostSpec[Any]:
    hosts = registry().hosts
    if host_id not in hosts or hosts[host_id].install is None:
        installable = sorted(key for key, host in hosts.items() if host.install)
        raise RequestError(
            "host-unknown",
            f'There is no plug-in for a host "{host_id}".',
            known_names(host_id, installable),
        )
    return hosts[host_id]


def _installations(spec: HostSpec[Any], folder: Path | None) -> list[Installation]:
    installations = find(spec.packagings)
    if folder is not None:
        installed = next(
            (installation for installation in installations if installation.program),
            Installation(folder=folder),
        )
        return [replace(installed, kind="folder", folder=folder, settings=None, note="")]
    if not installations:
        raise RequestError(
            "host-not-found",
            f"{spec.title} was not found on this machine.",
            "Start it once, or name its plug-ins folder with --folder.",
        )
    return installations


def _halves(
    spec: HostSpec[Any], installations: Sequence[Installation]
) -> Iterator[tuple[Installation, HostFiles]]:
    """Yield the files for each folder; a program that is installed twice may have only one."""
    by_folder = {installation.folder: installation for installation in installations}
    for installation in by_folder.values():
        yield installation, _files(spec, installation)


def _files(spec: HostSpec[Any], installation: Installation) -> HostFiles:
    files: HostFiles = resolve(spec.install or "")(installation)
    return files


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A line of the list: an installation of a program, or a host without one."""

    host: str
    title: str
    kind: str = ""
    version: str = ""
    plugin: str = ""
    enabled: bool = False
    folder: str = ""
    note: str = ""


def _rows() -> list[_Row]:
    rows = []
    for spec in registry().hosts.values():
        if spec.install is None:
            rows.append(_Row(host=spec.id, title=spec.title, plugin="needs none", enabled=True))
            continue
        installations = find(spec.packagings)
        for installation in installations:
            files = _files(spec, installation)
            rows.append(
                _Row(
                    host=spec.id,
                    title=spec.title,
                    kind=installation.kind,
                    version=version_of(installation),
                    plugin=files.state(),
                    enabled=files.enabled,
                    folder=str(files.folder),
                    note="; ".join(filter(None, (files.note, installation.note))),
                )
            )
        if not installations:
            rows.append(_Row(host=spec.id, title=spec.title, kind="not found"))
    return rows


def _list(as_json: bool) -> None:
    rows = _rows()
    if as_json:
        print(json.dumps([vars(row) for row in rows], indent=2, ensure_ascii=False))
        return
    columns = ("host", "what it is", "version", "installed as", "plug-in", "on", "folder")
    switches = {row: "yes" if row.enabled else "no" if row.folder else "–" for row in rows}
    listing.show(
        columns,
        [
            (row.host, row.title, row.version, row.kind, row.plugin, switches[row], row.folder)
            for row in rows
        ],
    )
    for note in dict.fromkeys(f"{row.title}, {row.kind}: {row.note}" for row in rows if row.note):
        print(note, file=sys.stderr)
