"""Which version of a program an installation has; nothing is guessed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from matteplug.hosting.environment import of_programs
from matteplug.hosting.installations import Installation

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
    return _said(installation)


def _released(program: Path) -> str:
    """Return the newest release that an application's own description in a Flatpak names."""
    files = next((folder for folder in program.parents if folder.name == "files"), program)
    for description in sorted((files / "share").glob("*/*.xml")):  # metainfo, once appdata
        if number := _first_number(_read(description, "<release ")):
            return number
    return ""


def _said(installation: Installation) -> str:
    """Ask the program itself."""
    # Qt programs want a display even to say their version
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
