"""The journal of what a batch has finished, kept beside the results.

Two lines of JSON per picture: one claims the result before it is written, one records what it was
made from once it is complete.  They tell ``--resume`` which results are still valid, keep a batch
from overwriting files that are not its own, and mark the folder as results, so that they are not
read as pictures later.  Each line is on disk before the work continues: whatever ends a batch (a
full disk, a second Ctrl-C, a power cut), the journal knows its results and which are finished.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import BinaryIO

from matteplug.errors import RequestError
from matteplug_batch.display_text import name
from matteplug_batch.find import MARKER
from matteplug_batch.fingerprint import Fingerprint, fingerprint_of
from matteplug_batch.job import Job


class Journal:
    """The journal in the output folder `out`, read on creation."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._file = out / MARKER
        self._fingerprints = _read(self._file)

    def made(self, result: Path) -> bool:
        """Tell whether a batch wrote that file, or started to."""
        return self._name(result) in self._fingerprints

    def is_finished(self, job: Job) -> bool:
        """Tell whether the result exists, made from the same files with the same settings."""
        recorded = self._fingerprints.get(self._name(job.result))
        return recorded == fingerprint_of(job) and os.path.isfile(job.result)

    def claim(self, job: Job) -> None:
        """Record that the result of `job` is about to be written: a batch's own, and unfinished.

        Raises:
            RequestError: the journal cannot be written.
        """
        self._append(job, {})

    def finish(self, job: Job, fingerprint: Fingerprint) -> None:
        """Record that the result of `job` is complete, made from `fingerprint`.

        Raises:
            RequestError: the journal cannot be written.
        """
        self._append(job, fingerprint)

    def _append(self, job: Job, fingerprint: Fingerprint) -> None:
        result = self._name(job.result)
        line = json.dumps({"result": result} | dict(fingerprint)).encode()
        try:
            with self._file.open("a+b") as journal:
                journal.write(b"\n%b\n" % line if _is_torn(journal) else b"%b\n" % line)
                journal.flush()
                os.fsync(journal.fileno())
        except OSError as error:
            raise RequestError(
                "journal-not-written",
                f"The journal {name(self._file)} was not written: {error.strerror or error}.",
                "Free some space or change its permissions, then continue with --resume.",
            ) from error
        self._fingerprints[result] = fingerprint

    def _name(self, result: Path) -> str:
        return result.relative_to(self._out).as_posix()


def _is_torn(journal: BinaryIO) -> bool:
    """Tell whether the last line was cut off, by a full disk or a power cut."""
    if journal.tell() == 0:
        return False
    journal.seek(-1, os.SEEK_END)
    return journal.read(1) != b"\n"


def _read(file: Path) -> dict[str, Fingerprint]:
    """Return the fingerprints by the results' names; empty ones for results only claimed."""
    fingerprints = {}
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    for line in lines:
        try:
            entry = json.loads(line)
            fingerprints[entry.pop("result")] = entry
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # a line that was cut off
    return fingerprints
