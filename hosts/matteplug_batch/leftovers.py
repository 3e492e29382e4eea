"""Remove what a batch that was killed left half-written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PART = re.compile(r"\.[0-9a-f]{8}\.part")
"""How `matteplug.images.files.write` calls a file until it is complete."""


def remove(folders: Iterable[Path]) -> None:
    """Remove the unfinished files in `folders`, to which no batch may be writing."""
    for folder in folders:
        with suppress(OSError):
            for name in os.listdir(folder):
                if _PART.fullmatch(name):
                    os.unlink(folder / name)
