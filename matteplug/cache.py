"""The user's cache folder, and small JSON files in it that may vanish at any time."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any


def folder() -> Path:
    """Return the folder, which need not exist: MATTEPLUG_CACHE, else what the system prescribes."""
    if given := os.environ.get("MATTEPLUG_CACHE"):
        return Path(given)
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "matteplug"


def read(name: str) -> dict[str, Any]:
    """Return what was kept under `name`; empty where that is missing or damaged."""
    try:
        content = json.loads((folder() / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def keep(name: str, content: dict[str, Any]) -> None:
    """Replace what is kept under `name`; a folder that cannot be written keeps nothing."""
    with contextlib.suppress(OSError):
        folder().mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=folder(), prefix=f".{name}-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
        os.replace(draft, folder() / name)
