"""How paths and errors are shown."""

from __future__ import annotations

import os
from pathlib import Path

from matteplug.errors import MatteplugError


def name(path: Path) -> str:
    """Return a path as text that every terminal can print, whatever bytes the name is made of."""
    return os.fsencode(path).decode("utf-8", "replace")


def sentence(error: MatteplugError) -> str:
    """Return message and hint in one line."""
    return " ".join(str(error).split())
