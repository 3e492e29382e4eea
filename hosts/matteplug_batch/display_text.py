"""Paths and errors as text for display."""

from __future__ import annotations

import os
from pathlib import Path

from matteplug.errors import MatteplugError


def name(path: Path) -> str:
    """Return a path as text that every terminal can print, whatever bytes the name consists of."""
    return os.fsencode(path).decode("utf-8", "replace")


def sentence(error: MatteplugError) -> str:
    """Return an error's message and hint on one line."""
    return " ".join(str(error).split())
