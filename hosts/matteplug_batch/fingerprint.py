"""The fingerprint of a result: the files it was made from, as they were when read, and settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matteplug import options
from matteplug_batch.job import Job

Fingerprint = Mapping[str, Any]
"""Plain JSON; equal where the results are."""


def fingerprint_of(job: Job) -> Fingerprint:
    """Return what the result of `job` would be made from if its files were read now.

    A missing file has only a name, so that it equals nothing that was ever read.
    """
    settings, chosen = job.settings, job.settings.options
    pixels = [option.name for option in options.of(type(chosen)) if option.pixels]
    backdrop = settings.backdrop
    sources = [_named(path, _status(path)) for path in job.sources]
    if backdrop is not None and backdrop.status is not None:
        sources.append(_named(Path(backdrop.text), backdrop.status))
    return {
        "sources": sources,
        "output": settings.output.value,
        "backdrop": backdrop.text if backdrop else None,
        "network": settings.network,
        "options": {name: getattr(chosen, name) for name in pixels},
    }


def _named(path: Path, status: os.stat_result | None) -> list[Any]:
    return [path.name, status.st_size, status.st_mtime_ns] if status else [path.name]


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
