"""Where the plug-in for GIMP 3 goes, and what it consists of."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from matteplug.host_files import HostFiles

_PROGRAM = "matteplug-smart-matte.py"


def files(plug_ins: Path | None = None) -> HostFiles:
    """Return the plug-in's files, for a plug-ins folder or that of the user's GIMP 3.0."""
    return HostFiles(
        # GIMP wants the folder to bear the name of the program in it.
        folder=(plug_ins or user_folder()) / Path(_PROGRAM).stem,
        sources=tuple(sorted((Path(__file__).parent / "gimp3").glob("*.py"))),
        executables=(_PROGRAM,),
    )


def user_folder() -> Path:
    """Return the plug-ins folder of the user's GIMP 3.0, which need not exist."""
    if given := os.environ.get("GIMP3_DIRECTORY"):
        return Path(given) / "plug-ins"
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return base / "GIMP" / "3.0" / "plug-ins"
