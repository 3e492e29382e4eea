"""Paths and errors as text for display."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from matteplug.errors import MatteplugError
from matteplug.terminal import printable


def name(path: Path) -> str:
    """Return a path on one line that every terminal can print, whatever bytes it consists of."""
    text = printable(os.fsencode(path).decode("utf-8", "replace"))
    return "\N{REPLACEMENT CHARACTER}".join(text.splitlines())


def sentence(error: MatteplugError) -> str:
    """Return an error's message and hint on one line."""
    return line(str(error))


def remark(notes: Sequence[str]) -> str:
    """Return notes on one line, as sentences."""
    return line(" ".join(f"{note.rstrip().rstrip('.')}." for note in notes))


def line(text: str) -> str:
    """Return a text on one line that every terminal can print."""
    return printable(" ".join(text.split()))
