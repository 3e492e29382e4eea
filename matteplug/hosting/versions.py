"""Which version of a program is installed; nothing is guessed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from matteplug.hosting.environment import of_programs
from matteplug.hosting.installations import Installation

__all__ = ["version_of"]

_NUMBER = re.compile(r"\d+\.\d+(?:\.\d+)*")
_LIMIT_S = 20.0


def version_of(installation: Installation) -> str:
    """Return an installation's version, such as "3.0.4"; "" where it cannot be told."""
    if installation.program is None:
        return ""
    if installation.kind == "flatpak":
        return _released(installation.program)
    if installation.kind == "snap":
        return _first_number(
            _read(Path(*installation.program.parts[:4], "meta", "snap.yaml"), "version:")
        )
    if installation.kind == "appimage":
        return _first_number(installation.program.name)
    return _reported(installation)


def _released(program: Path) -> str:
    """Return the newest release that the application's own metadata in a Flatpak lists."""
    files = next((folder for folder in program.parents if folder.name == "files"), program)
    for description in sorted((files / "share").glob("*/*.xml")):  # metainfo, once appdata
        if number := _first_number(_read(description, "<release ")):
            return number
    return ""


def _reported(installation: Installation) -> str:
    """Ask the program itself."""
    # Qt programs need a display even to print their version
    environment = {**of_programs(), "QT_QPA_PLATFORM": "offscreen"}
    try:
        done = subprocess.run(
            [*installation.command, "--version"],
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
    """Return the rest of a file's first line that starts with `start`; "" if none does."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    stripped = (line.strip() for line in lines)
    return next((line[len(start) :] for line in stripped if line.startswith(start)), "")


def _first_number(text: str) -> str:
    match = _NUMBER.search(text)
    return match[0] if match else ""
