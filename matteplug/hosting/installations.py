"""Which installations of a program this machine has.

A host lists the ways its program is packaged (`Packaging`, plain data); `find` tells which of them
are on this machine (`Installation`).
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matteplug.hosting.packaging import LINUX, WINDOWS, Packaging

__all__ = ["Installation", "find"]


@dataclass(frozen=True, kw_only=True)
class Installation:
    """An installation of a program on this machine.

    Attributes:
        kind: as in `Packaging`; "folder" where the user named one.
        folder: the folder of the user's plug-ins, which need not exist.
        program: the program's file; None where only the user's folder was found.
        command: how to start it, without arguments; empty if `program` is None.
        settings: the file in which plug-ins are enabled, which need not exist.
        note: what else the user has to do or know.
    """

    kind: str = "folder"
    folder: Path
    program: Path | None = None
    command: tuple[str, ...] = ()
    settings: Path | None = None
    note: str = ""


def find(packagings: Sequence[Packaging], system: str = sys.platform) -> list[Installation]:
    """Return the installations that this machine has, in the order of `packagings`.

    A program that is not found but has left a user's folder counts too: it may have been unpacked
    anywhere.
    """
    installations: list[Installation] = []
    for packaging in packagings:
        folder = _first(packaging.folders, system)
        if packaging.system != system or folder is None:
            continue
        settings = _first(packaging.settings, system)
        for program in _programs(packaging.programs, system):
            command = tuple(word.format(program) for word in packaging.command)
            installations.append(
                Installation(
                    kind=packaging.kind,
                    folder=folder,
                    program=program,
                    command=command,
                    settings=settings,
                    note=packaging.note,
                )
            )
    taken = {installation.folder for installation in installations}
    for packaging in packagings:
        folder = _first(packaging.folders, system)
        if packaging.system == system and folder and folder.parent.is_dir() and folder not in taken:
            taken.add(folder)
            installations.append(
                Installation(
                    kind=packaging.kind,
                    folder=folder,
                    settings=_first(packaging.settings, system),
                    note=packaging.note,
                )
            )
    return installations


def _programs(patterns: Sequence[str], system: str) -> Iterator[Path]:
    """Yield the installed programs; one that several patterns match counts once."""
    seen = set()
    for pattern in patterns:
        if "/" in pattern:
            expanded = _expand(pattern, system)
            paths = [Path(name) for name in sorted(glob.glob(str(expanded)))] if expanded else []
        else:
            on_path = shutil.which(pattern)
            paths = [Path(on_path)] if on_path else []
        for program in paths:
            if program.resolve() not in seen:
                seen.add(program.resolve())
                yield program


def _first(patterns: Sequence[str], system: str) -> Path | None:
    return next((path for pattern in patterns if (path := _expand(pattern, system))), None)


def _expand(pattern: str, system: str) -> Path | None:
    """Return the path that a pattern stands for, or None if it names an unset variable."""
    variables = {**_conventional(system), **{k: v for k, v in os.environ.items() if v}}
    try:
        text = re.sub(r"\$\{(\w+)\}", lambda match: variables[match[1]], pattern)
    except KeyError:
        return None
    return Path.home() / text[2:] if text.startswith("~/") else Path(text)


def _conventional(system: str) -> Mapping[str, str]:
    home = Path.home()
    if system == WINDOWS:
        names = {
            "APPDATA": home / "AppData" / "Roaming",
            "LOCALAPPDATA": home / "AppData" / "Local",
            "ProgramFiles": Path("C:/Program Files"),
        }
    elif system == LINUX:
        names = {
            "XDG_CONFIG_HOME": home / ".config",
            "XDG_DATA_HOME": home / ".local" / "share",
        }
    else:
        names = {}
    return {name: str(path) for name, path in names.items()}
