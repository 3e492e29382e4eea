"""Puts the plug-in for GIMP 3 into the user's plug-ins folder."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

NAME = "matteplug-smart-matte"
"""GIMP wants the folder to bear the name of the program in it."""


def install(plug_ins: Path | None = None, python: str = sys.executable) -> Path:
    """Install the plug-in, replacing an older one, and return its folder.

    Args:
        plug_ins: GIMP's plug-ins folder; by default that of the user's GIMP 3.0.
        python: the interpreter that has matteplug.
    """
    from matteplug import bridge

    plug_ins = plug_ins or user_folder()
    plug_ins.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".matteplug-", dir=plug_ins))
    try:
        for source in (Path(__file__).parent / "gimp3").glob("*.py"):
            shutil.copyfile(source, draft / source.name)
        shutil.copyfile(bridge.__file__, draft / "bridge.py")
        (draft / "settings.json").write_text(json.dumps({"python": python}), encoding="utf-8")
        (draft / f"{NAME}.py").chmod(0o755)
        draft.chmod(0o755)
        target = plug_ins / NAME
        replaced = plug_ins / f".{NAME}.replaced"
        shutil.rmtree(replaced, ignore_errors=True)
        if target.exists():
            target.rename(replaced)
        draft.rename(target)
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


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
