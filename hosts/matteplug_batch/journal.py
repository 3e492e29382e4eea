"""The record of what a batch has finished, kept beside the results.

One line of JSON a finished picture, added as soon as its result is complete.  It tells ``--resume``
what is still right, keeps a batch from writing over files that are not its own, and marks the
folder as results, so that they are not taken for pictures later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matteplug_batch.find import MARKER
from matteplug_batch.job import Job


class Journal:
    """The journal in the output folder `out`; read when it is made."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._file = out / MARKER
        self._made: dict[str, Mapping[str, Any]] = _read(self._file)

    def made(self, result: Path) -> bool:
        """Tell whether an earlier batch wrote that file."""
        return self._name(result) in self._made

    def is_finished(self, job: Job) -> bool:
        """Tell whether the result is there, from the same files and with the same settings."""
        try:
            expected = _origin(job)
        except OSError:
            return False
        return job.result.is_file() and self._made.get(self._name(job.result)) == expected

    def add(self, job: Job) -> None:
        """Record that the result of `job` is complete."""
        self._made[self._name(job.result)] = origin = _origin(job)
        line = json.dumps({"result": self._name(job.result)} | origin)
        with self._file.open("a", encoding="utf-8") as journal:
            journal.write(f"{line}\n")

    def _name(self, result: Path) -> str:
        return result.relative_to(self._out).as_posix()


def _read(file: Path) -> dict[str, Mapping[str, Any]]:
    made = {}
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    for line in lines:
        try:
            entry = json.loads(line)
            made[entry.pop("result")] = entry
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # the line that was being written when the power went
    return made


def _origin(job: Job) -> dict[str, Any]:
    """Return what the result depends on, as plain JSON."""
    settings, options = job.settings, job.settings.options
    sources = list(job.sources)
    backdrop = settings.backdrop
    if backdrop is not None and backdrop.is_picture:
        sources.append(Path(backdrop.text))
    return {
        "sources": [[path.name, *_state(path)] for path in sources],
        "output": settings.output.value,
        "backdrop": backdrop.text if backdrop else None,
        "network": settings.network,
        "band_px": options.band_px,
        "align": options.align,
    }


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
