"""``--watch``: a hot folder, whose pictures are cut out as they come in.

The folder is looked at again and again, because no system tells of what other machines write into
a network folder.  Each look is the plan of a whole batch, and what is new in it is done as by
``--resume``: names, journal and results are those of a batch over what the folder holds then.

A picture is taken once it and its guides have stayed as they are for a while.  Whatever changes
later is taken again: a picture that was read too early, that was edited, or whose guide came late.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from matteplug.types import CancelToken
from matteplug_batch.job import Job
from matteplug_batch.outcome import BatchReport, PictureOutcome
from matteplug_batch.plan import Plan
from matteplug_batch.run import BatchRun, Observer

_LISTEN_S = 0.2
"""How often the main thread wakes up: on Windows Ctrl-C arrives only then."""
_SHARE = 0.1
"""Of the time, for looks at folders that take long to list."""


class Waiter(Observer, Protocol):
    """Is told how a watch proceeds."""

    def wait(self) -> None:
        """Learn that there is nothing to do for now."""


class Unchanged:
    """Remembers since when files are as they are, and which were taken like that."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, tuple[object, float]] = {}
        self._taken: set[Hashable] = set()

    def new(
        self, files: Mapping[Hashable, Iterable[Path]], steady_s: float, now: float
    ) -> set[Hashable]:
        """Return, each once, the keys whose files have been as they are for `steady_s`.

        Args:
            files: of each key.
            steady_s: how long.
            now: the time, in seconds.
        """
        seen = {}
        for key, paths in files.items():
            state = tuple(map(_state, paths))
            before = self._seen.get(key)
            seen[key] = before if before and before[0] == state else (state, now)
        self._taken &= {key for key in seen if self._seen.get(key) == seen[key]}
        self._seen = seen
        due = {key for key, (_, since) in seen.items() if now - since >= steady_s} - self._taken
        self._taken |= due
        return due


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A folder under watch.

    Attributes:
        look: returns the plan for what the folder holds now.
        batch: does what is due; it resumes.
        steady_s: how long files stay as they are before they count as complete.
        pause_s: between two looks, at least.
    """

    look: Callable[[], Plan]
    batch: BatchRun
    steady_s: float = 2.0
    pause_s: float = 0.5
    _steady: Unchanged = field(default_factory=Unchanged)

    def run(self, observer: Waiter, cancel: CancelToken) -> BatchReport:
        """Cut out what comes in until the user ends it, or every further picture would fail.

        Returns:
            The last outcome of each picture, in the order of the tree.  It counts as interrupted
            only where a picture that was due is not done.
        """
        started = time.perf_counter()
        outcomes: dict[Path, PictureOutcome] = {}
        report = BatchReport()
        while True:
            began = time.perf_counter()
            plan = self.look()
            looked_s = time.perf_counter() - began
            jobs, unusable = self._due(plan)
            for outcome in unusable:
                observer.finish(outcome)
            if jobs:
                report = self.batch.run(jobs, observer, cancel)
                _take(outcomes, report.outcomes)
            if report.stopped or cancel.cancelled:
                break
            observer.wait()
            _sleep(max(self.pause_s, looked_s * (1 / _SHARE - 1)), cancel)
        return replace(
            report,
            outcomes=[outcomes[image] for image in sorted(outcomes)] + plan.unusable,
            interrupted=report.interrupted and report.waiting > 0,
            elapsed_s=time.perf_counter() - started,
        )

    def _due(self, plan: Plan) -> tuple[list[Job], list[PictureOutcome]]:
        """Return what is complete in a plan and was not returned as it is before."""
        files: dict[Hashable, Iterable[Path]] = {job: job.found.files for job in plan.jobs}
        files |= {(o.image, o.notes): (o.image,) for o in plan.unusable}
        due = self._steady.new(files, self.steady_s, time.monotonic())
        return (
            [job for job in plan.jobs if job in due],
            [o for o in plan.unusable if (o.image, o.notes) in due],
        )


def _state(path: Path) -> tuple[int, ...]:
    """Return what changes with a file's content; nothing where it cannot be told."""
    with suppress(OSError):
        status = os.stat(path)
        return status.st_ino, status.st_size, status.st_mtime_ns
    return ()


def _take(outcomes: dict[Path, PictureOutcome], new: Iterable[PictureOutcome]) -> None:
    """Note what became of some pictures; of one that this watch made, not that it is finished."""
    for outcome in new:
        if outcome.earlier is None or outcome.image not in outcomes:
            outcomes[outcome.image] = outcome


def _sleep(seconds: float, cancel: CancelToken) -> None:
    end = time.monotonic() + seconds
    while not cancel.cancelled and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _LISTEN_S))
