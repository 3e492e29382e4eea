"""Where the programs are that matteplug has plug-ins for, and where their plug-ins go.

A host names the ways in which its program is packaged (`Way`, plain data); `find` looks which of
them this machine has (`Place`).  In patterns "~" is the home folder and "${NAME}" an environment
variable; those that desktops have by convention are known without being set.
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

LINUX, WINDOWS, MACOS = "linux", "win32", "darwin"


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way in which a program is packaged, on one system.

    Attributes:
        system: LINUX, WINDOWS or MACOS.
        kind: "native", "flatpak", "snap" or "appimage".
        folders: patterns of the folder of the user's plug-ins; the first that names no unset
            variable is the one.
        programs: patterns of what is there where the program is installed: bare names are looked
            for on PATH, paths may hold "*".
        command: how the program is started; "{}" stands for the path that was found.
        settings: patterns, as `folders`, of the file in which the program's plug-ins are switched
            on; empty for a program that loads whatever is there.
        note: what the user has to do besides, or know.
    """

    system: str
    kind: str = "native"
    folders: tuple[str, ...]
    programs: tuple[str, ...]
    command: tuple[str, ...] = ("{}",)
    settings: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """An installation of a program, as its user has it.

    Attributes:
        kind: as in `Way`; "folder" where the user named one.
        folder: the folder of the user's plug-ins, which need not exist.
        program: what was found of the program; None where only the user's folder is.
        command: how to start it, without arguments; empty where `program` is None.
        settings: the file in which plug-ins are switched on, which need not exist.
        note: what the user has to do besides, or know.
    """

    kind: str = "folder"
    folder: Path
    program: Path | None = None
    command: tuple[str, ...] = ()
    settings: Path | None = None
    note: str = ""


def find(ways: Sequence[Way], system: str = sys.platform) -> list[Place]:
    """Return the installations that this machine has, in the order of `ways`.

    A program that is nowhere to be seen, but has left a folder of its user's, counts too: it may
    have been unpacked anywhere.
    """
    places: list[Place] = []
    for way in ways:
        folder = _first(way.folders, system)
        if way.system != system or folder is None:
            continue
        settings = _first(way.settings, system)
        for program in _programs(way.programs, system):
            command = tuple(word.format(program) for word in way.command)
            places.append(
                Place(
                    kind=way.kind,
                    folder=folder,
                    program=program,
                    command=command,
                    settings=settings,
                    note=way.note,
                )
            )
    taken = {place.folder for place in places}
    for way in ways:
        folder = _first(way.folders, system)
        if way.system == system and folder and folder.parent.is_dir() and folder not in taken:
            taken.add(folder)
            places.append(
                Place(
                    kind=way.kind,
                    folder=folder,
                    settings=_first(way.settings, system),
                    note=way.note,
                )
            )
    return places


def _programs(patterns: Sequence[str], system: str) -> Iterator[Path]:
    """Yield the programs that are there; one that several names lead to counts once."""
    seen = set()
    for pattern in patterns:
        if "/" in pattern:
            expanded = _expand(pattern, system)
            found = [Path(name) for name in sorted(glob.glob(str(expanded)))] if expanded else []
        else:
            on_path = shutil.which(pattern)
            found = [Path(on_path)] if on_path else []
        for program in found:
            if program.resolve() not in seen:
                seen.add(program.resolve())
                yield program


def _first(patterns: Sequence[str], system: str) -> Path | None:
    return next((path for pattern in patterns if (path := _expand(pattern, system))), None)


def _expand(pattern: str, system: str) -> Path | None:
    """Return the path that a pattern stands for, or None where it names an unset variable."""
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
