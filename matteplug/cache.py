"""Small JSON files in the user's cache folder, which may be deleted at any time."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from typing import Any

from matteplug.folders import cache_folder


def read(name: str) -> dict[str, Any]:
    """Return what was kept under `name`; empty if that is missing or damaged."""
    try:
        content = json.loads((cache_folder() / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def keep(name: str, content: dict[str, Any]) -> None:
    """Replace what is kept under `name`; a folder that cannot be written keeps nothing."""
    with contextlib.suppress(OSError):
        cache_folder().mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=cache_folder(), prefix=f".{name}-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
        os.replace(draft, cache_folder() / name)
