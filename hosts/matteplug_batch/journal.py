"""The journal of what a batch has finished, kept beside the results.

Three lines of JSON per picture: one claims the result before anything is written, one says what the
result will be before it takes its place, and one records once it is complete what it was made from,
what was written, and how it ended.  They tell ``--resume`` which results are still valid, keep a
batch from overwriting files that are not its own or that a person retouched, even where the last
line is missing because the batch was killed, and mark the folder as results, so that they are not
read as pictures later.  Another line names the folder of pictures.  Each line is on disk before the
work continues: whatever ends a batch (a full disk, a second Ctrl-C, a power cut), the journal knows
its results and which are finished.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from matteplug.errors import MatteplugError, RequestError
from matteplug_batch.display_text import name
from matteplug_batch.find import MARKER, real
from matteplug_batch.fingerprint import Fingerprint, fingerprint_of
from matteplug_batch.integrity import Digest, digest_of, is_whole
from matteplug_batch.job import Job
from matteplug_batch.outcome import State


class Condition(Enum):
    """What is there where a result belongs."""

    MISSING = auto()
    """Nothing."""
    FOREIGN = auto()
    """A file that no batch wrote."""
    INTACT = auto()
    """The result, as it was written."""
    RETOUCHED = auto()
    """Another picture than was written."""
    UNFINISHED = auto()
    """What an accident left: of a batch that was killed, or no whole picture."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known about a result; a claim knows only what the file may be.

    Attributes:
        made_from: its fingerprint.
        written: the digest of the file; None for a claim.
        may_be: the digests of what a claimed file was and is to become; None if that is not known.
        state: how the picture ended.
        confidence: of the matte.
    """

    made_from: Fingerprint | None = None
    written: Digest | None = None
    may_be: tuple[Digest, ...] | None = None
    state: State = State.DONE
    confidence: float | None = None

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Record:
        """Read a line; one that another version wrote in another form is a claim."""
        try:
            if "may_be" in entry:
                return cls(may_be=tuple(Digest(*each) for each in entry["may_be"]))
            return cls(
                made_from=dict(entry["made_from"]),
                written=Digest(*entry["written"]),
                state=State(entry["state"]),
                confidence=entry["confidence"],
            )
        except (KeyError, TypeError, ValueError):
            return cls()

    def to_json(self) -> dict[str, Any]:
        """Return the line, without the result's name."""
        if self.written is None:
            return {} if self.may_be is None else {"may_be": self.may_be}
        return {
            "made_from": self.made_from,
            "written": list(self.written),
            "state": self.state.value,
            "confidence": self.confidence,
        }


class Journal:
    """The journal in the output folder `out` of the pictures in `folder`; read on creation."""

    def __init__(self, out: Path, folder: Path) -> None:
        self._out = out
        self._file = out / MARKER
        self._folder = _relative(folder, out)
        self._known_folder, self._records = _read(self._file)

    def check_folder(self) -> None:
        """Make sure that the results are of the same folder of pictures.

        Raises:
            RequestError: they are of another one ("out-of-another-folder").
        """
        if self._known_folder not in (None, self._folder):
            other = os.path.normpath(os.path.join(real(self._out), self._known_folder or ""))
            raise RequestError(
                "out-of-another-folder",
                f"{self._out} contains the results of another folder of pictures, {other}.",
                "Choose another folder with --out; --force uses this one.",
            )

    @property
    def folders(self) -> set[Path]:
        """The folders below `out` in which results were begun."""
        results = (PurePosixPath(result) for result in self._records)
        return {self._out / r.parent for r in results if not (r.is_absolute() or ".." in r.parts)}

    def condition(self, result: Path) -> Condition:
        """Tell what is there where a result belongs.

        Raises:
            OSError: it cannot be read.
        """
        if not result.exists():
            return Condition.MISSING
        record = self._records.get(self._name(result))
        if record is None:
            return Condition.FOREIGN
        digest = digest_of(result)
        if digest == record.written:
            return Condition.INTACT
        if record.written is None and (record.may_be is None or digest in record.may_be):
            return Condition.UNFINISHED
        return Condition.RETOUCHED if is_whole(result) else Condition.UNFINISHED

    def protection(self, result: Path, *, force: bool) -> MatteplugError | None:
        """Return why a result must not be written; None if it may.

        Raises:
            OSError: it cannot be read.
        """
        condition = self.condition(result)
        if condition is Condition.FOREIGN:
            return RequestError(
                "result-exists",
                f"{result} exists and was not made by a batch, so it is not overwritten.",
                "Move it, or choose another folder with --out.",
            )
        if condition is Condition.RETOUCHED and not force:
            return RequestError(
                "result-retouched",
                f"{result} was changed since a batch made it, so it is not overwritten.",
                "Move it, or overwrite it with --force.",
            )
        return None

    def finished(self, job: Job) -> Record | None:
        """Return the record of a result that was made as it would be made now, else None."""
        record = self._records.get(self._name(job.result), Record())
        as_now = record.made_from is not None and record.made_from == fingerprint_of(job)
        return record if as_now else None

    def claim(self, job: Job, draft: Path | None = None) -> None:
        """Record that the result of `job` is about to be written: a batch's own, and unfinished.

        Args:
            job: the picture.
            draft: the file that is about to take the result's place; None before there is one.

        Raises:
            OSError: the draft cannot be read.
            RequestError: the journal cannot be written.
        """
        before = self._records.get(self._name(job.result), Record(may_be=()))
        may_be = before.may_be if before.written is None else (before.written,)
        if may_be is not None and draft is not None:
            may_be += (digest_of(draft),)
        self._append(job, Record(may_be=may_be))

    def finish(
        self, job: Job, fingerprint: Fingerprint, state: State, confidence: float | None
    ) -> None:
        """Record that the result of `job` is complete, made from `fingerprint`.

        Raises:
            OSError: the result cannot be read.
            RequestError: the journal cannot be written.
        """
        record = Record(
            made_from=fingerprint,
            written=digest_of(job.result),
            state=state,
            confidence=confidence,
        )
        self._append(job, record)

    def _append(self, job: Job, record: Record) -> None:
        result = self._name(job.result)
        entries: list[dict[str, Any]] = [{"result": result, **record.to_json()}]
        if self._known_folder != self._folder:
            entries.insert(0, {"folder": self._folder})
        lines = "".join(f"{json.dumps(entry)}\n" for entry in entries).encode()
        try:
            with self._file.open("a+b") as journal:
                journal.write(b"\n%b" % lines if _is_torn(journal) else lines)
                journal.flush()
                os.fsync(journal.fileno())
        except OSError as error:
            raise RequestError(
                "journal-not-written",
                f"The journal {name(self._file)} was not written: {error.strerror or error}.",
                "Free some space or change its permissions, then continue with --resume.",
            ) from error
        self._known_folder = self._folder
        self._records[result] = record

    def _name(self, result: Path) -> str:
        return result.relative_to(self._out).as_posix()


def _relative(folder: Path, out: Path) -> str:
    """Return the way from the results to the pictures: it holds when both are moved together."""
    try:
        return Path(os.path.relpath(real(folder), real(out))).as_posix()
    except ValueError:  # on another drive of Windows
        return real(folder).as_posix()


def _is_torn(journal: BinaryIO) -> bool:
    """Tell whether the last line was cut off, by a full disk or a power cut."""
    if journal.tell() == 0:
        return False
    journal.seek(-1, os.SEEK_END)
    return journal.read(1) != b"\n"


def _read(file: Path) -> tuple[str | None, dict[str, Record]]:
    """Return the folder of pictures, if it is known, and the results' records by their names."""
    folder, records = None, {}
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None, {}
    for line in lines:
        try:
            entry = json.loads(line)
            if "folder" in entry:
                folder = str(entry["folder"])
            else:
                records[str(entry["result"])] = Record.from_json(entry)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # a line that was cut off
    return folder, records
