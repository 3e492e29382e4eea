"""Results that have not taken their place yet, and those that a killed batch left behind."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from matteplug_batch.job import SUFFIXES

_PART = re.compile(rf"\.[0-9a-f]{{8}}\.part({'|'.join(map(re.escape, SUFFIXES))})?")
"""How `matteplug.images.files.write` calls a file until it is complete, and `draft_of` after."""


def draft_of(result: Path) -> Path:
    """Return where a result waits, in the same format, until it takes its place."""
    return result.with_name(f".{secrets.token_hex(4)}.part{result.suffix}")


def remove(folders: Iterable[Path]) -> None:
    """Remove the unfinished files in `folders`, to which no batch may be writing."""
    for folder in folders:
        with suppress(OSError):
            for name in os.listdir(folder):
                if _PART.fullmatch(name):
                    os.unlink(folder / name)
