"""Which version of a program is installed in a place; nothing is guessed."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from matteplug.hosting.places import Place

_NUMBER = re.compile(r"\d+\.\d+(?:\.\d+)*")
_LIMIT_S = 20.0


def version_of(place: Place) -> str:
    """Return the version of the program in `place`, such as "3.0.4"; "" where it does not tell."""
    if place.program is None:
        return ""
    if place.kind == "flatpak":
        return _released(place.program)
    if place.kind == "snap":
        return _first_number(_read(Path(*place.program.parts[:4], "meta", "snap.yaml"), "version:"))
    if place.kind == "appimage":
        return _first_number(place.program.name)
    return _said(place)


def _released(program: Path) -> str:
    """Return the newest release that an application's own description in a Flatpak names."""
    files = next((folder for folder in program.parents if folder.name == "files"), program)
    for description in sorted((files / "share").glob("*/*.xml")):  # metainfo, once appdata
        if number := _first_number(_read(description, "<release ")):
            return number
    return ""


def _said(place: Place) -> str:
    """Ask the program itself."""
    # Qt programs want a display even to say their version
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    try:
        done = subprocess.run(
            [*place.command, "--version"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LIMIT_S,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return _first_number(done.stdout)


def _read(file: Path, start: str) -> str:
    """Return the first line of a file that starts so, without that start; "" where none does."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = (line.strip() for line in lines)
    return next((line[len(start) :] for line in found if line.startswith(start)), "")


def _first_number(text: str) -> str:
    found = _NUMBER.search(text)
    return found[0] if found else ""
