"""Process the pictures: read, matte, write, whatever happens to any of them.

    reader thread   read 1 │ read 2  │ read 3 …            at most one picture ahead
    worker thread          │ matte 1 │ write 1 │ matte 2 …
    main thread     waits, shows progress, handles signals

Only the main thread is interrupted, so that a file that is being written is always completed.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from matteplug.errors import Cancelled, MatteplugError, RequestError
from matteplug.host import HostAdapter
from matteplug.network import Guide
from matteplug.result import Matte
from matteplug.types import CancelToken, MatteRequest, Progress
from matteplug_batch import leftovers
from matteplug_batch.failure import as_sentence, is_fatal
from matteplug_batch.find import kind_of, real
from matteplug_batch.fingerprint import Fingerprint, fingerprint_of
from matteplug_batch.job import Job
from matteplug_batch.journal import Condition, Record
from matteplug_batch.outcome import BatchReport, PictureOutcome, State

_log = logging.getLogger(__name__)
_LISTEN_S = 0.2
"""How often the main thread wakes up: on Windows Ctrl-C arrives only then."""


class Observer(Protocol):
    """Is told how a batch proceeds."""

    def start(self, pictures: int) -> None:
        """Learn that the work starts, and how many pictures there are to do."""

    def begin(self, image: Path) -> None:
        """Learn which picture is the current one."""

    def step(self, fraction: float, what: str) -> None:
        """Learn how far the current picture is, 0 to 1."""

    def finish(self, outcome: PictureOutcome) -> None:
        """Learn what became of a picture."""

    def stop(self) -> None:
        """Learn that the batch will end as soon as the current picture can be stopped."""


class Adapter(HostAdapter[Job], Protocol):
    """An adapter that can be stopped while it reads."""

    def stop(self) -> None:
        """Stop reading; safe from any thread."""


class Keeper(Protocol):
    """Knows the results, as `Journal` does."""

    def condition(self, result: Path) -> Condition:
        """Tell what is there where a result belongs."""

    def protection(self, result: Path, *, force: bool) -> MatteplugError | None:
        """Return why a result must not be written; None if it may."""

    def finished(self, job: Job) -> Record | None:
        """Return the record of a result that was made as it would be made now, else None."""

    def claim(self, job: Job, draft: Path | None = None) -> None:
        """Record that a result is about to be written, and which file takes its place."""

    def finish(
        self, job: Job, fingerprint: Fingerprint, state: State, confidence: float | None
    ) -> None:
        """Record that a result is complete."""


@dataclass(frozen=True, kw_only=True)
class BatchRun:
    """The parts of a batch.

    Attributes:
        adapter: reads pictures and writes results.
        matte: makes a matte, as `matteplug.api.run`.
        journal: what earlier batches finished, or `Unrecorded`.
        resume: skip pictures that are finished.
        force: overwrite results that were retouched.
    """

    adapter: Adapter
    matte: Callable[[MatteRequest, Progress, CancelToken], Matte]
    journal: Keeper
    resume: bool = False
    force: bool = False

    def run(self, jobs: Sequence[Job], observer: Observer, cancel: CancelToken) -> BatchReport:
        """Do the jobs in order; errors go into the report, none is raised."""
        started = time.perf_counter()
        settled = self.settled(jobs, cancel)
        todo = [job for job in jobs if job not in settled]
        for outcome in settled.values():
            observer.finish(outcome)
        observer.start(len(todo))
        report = self._work_through(todo, observer, cancel)
        outcomes = dict(zip(todo, report.outcomes, strict=False)) | settled
        return replace(
            report,
            outcomes=[outcomes[job] for job in jobs if job in outcomes],
            elapsed_s=time.perf_counter() - started,
        )

    def settled(self, jobs: Sequence[Job], cancel: CancelToken) -> dict[Job, PictureOutcome]:
        """Return the outcomes of pictures that need no work, or must not be processed."""
        inputs = frozenset(real(path) for job in jobs for path in job.found.files)
        outcomes: dict[Job, PictureOutcome] = {}
        for job in jobs:
            if not cancel.cancelled and (outcome := self._settle(job, inputs)):
                outcomes[job] = outcome
        return outcomes

    def _settle(self, job: Job, inputs: frozenset[Path]) -> PictureOutcome | None:
        """Return the outcome of a picture that needs no work, or must not be processed."""
        try:
            if self.resume and (skipped := self._skipped(job)):
                return skipped
            refusal = _refusal(job, inputs) or self.journal.protection(job.result, force=self.force)
        except OSError as error:
            refusal = as_sentence(error)
        if refusal is None:
            return None
        return PictureOutcome(image=job.image, state=State.FAILED, guide=job.guide, error=refusal)

    def _skipped(self, job: Job) -> PictureOutcome | None:
        """Return the outcome of a picture whose result exists and is valid; None for others."""
        record, condition = self.journal.finished(job), self.journal.condition(job.result)
        kept = (Condition.INTACT,) if self.force else (Condition.INTACT, Condition.RETOUCHED)
        if record is None or condition not in kept:
            return None
        retouched = condition is Condition.RETOUCHED
        return PictureOutcome(
            image=job.image,
            state=State.SKIPPED,
            result=job.result,
            guide=job.guide,
            confidence=record.confidence,
            earlier=record.state,
            notes=("finished earlier, and retouched since" if retouched else "finished earlier",),
        )

    def _work_through(
        self, jobs: Sequence[Job], observer: Observer, cancel: CancelToken
    ) -> BatchReport:
        """Do the jobs; the report covers those that were reached."""
        outcomes: list[PictureOutcome] = []
        with (
            ThreadPoolExecutor(1) as reader,
            ThreadPoolExecutor(1) as worker,
            ExitStack() as exits,
        ):
            exits.callback(cancel.remove_callback, self.adapter.stop)
            cancel.add_callback(self.adapter.stop)
            reading = [reader.submit(self._read, job) for job in jobs[:1]]
            for index, job in enumerate(jobs):
                if cancel.cancelled:
                    break
                observer.begin(job.image)
                read = reading.pop()
                reading = [
                    reader.submit(self._read, following)
                    for following in jobs[index + 1 : index + 2]
                ]
                current = worker.submit(self._one, job, read, observer.step, cancel)
                _wait(current, cancel, observer)
                outcome = current.result()
                if outcome is not None:
                    outcomes.append(outcome)
                    observer.finish(outcome)
                if outcome is not None and outcome.error and is_fatal(outcome.error):
                    waiting = len(jobs) - len(outcomes)
                    return BatchReport(outcomes=outcomes, waiting=waiting, stopped=outcome.error)
        waiting = len(jobs) - len(outcomes)
        return BatchReport(outcomes=outcomes, waiting=waiting, interrupted=cancel.cancelled)

    def _read(self, job: Job) -> tuple[Fingerprint, MatteRequest]:
        """Read a picture; its fingerprint is taken first, so that a later edit differs from it."""
        return fingerprint_of(job), self.adapter.read(job)

    def _one(
        self,
        job: Job,
        read: Future[tuple[Fingerprint, MatteRequest]],
        progress: Progress,
        cancel: CancelToken,
    ) -> PictureOutcome | None:
        """Do one job; return None where it was cancelled."""
        started = time.perf_counter()
        try:
            fingerprint, request = read.result()
            matte = self.matte(request, progress, cancel)
            progress(1.0, "writing")
            # it may have been retouched in the meantime
            if refusal := self.journal.protection(job.result, force=self.force):
                raise refusal
            self._put(job, matte)
            state, confidence = State.of(matte), matte.confidence
            self.journal.finish(job, fingerprint, state, confidence)
        except Cancelled:
            return None
        except Exception as error:  # a third party's network or a damaged file may raise anything
            _log.debug("%s failed", job.image, exc_info=True)
            return PictureOutcome(
                image=job.image, state=State.FAILED, guide=job.guide, error=as_sentence(error)
            )
        return PictureOutcome(
            image=job.image,
            state=state,
            result=job.result,
            guide=job.guide,
            network=matte.network,
            provider=matte.provider,
            licences=matte.licences,
            confidence=confidence,
            elapsed_s=time.perf_counter() - started,
            notes=matte.notes,
        )

    def _put(self, job: Job, matte: Matte) -> None:
        """Write the result; at any moment the journal knows what its file may be."""
        draft = leftovers.draft_of(job.result)
        self.journal.claim(job)
        try:
            self.adapter.write(replace(job, result=draft), matte)
            self.journal.claim(job, draft)
            os.replace(draft, job.result)
        finally:
            with suppress(OSError):  # where there is no such folder either
                draft.unlink(missing_ok=True)


def _refusal(job: Job, inputs: frozenset[Path]) -> MatteplugError | None:
    """Return why a picture cannot be processed; None if it can."""
    if real(job.result) in inputs:
        return RequestError(
            "result-is-input",
            f"The result would overwrite {job.result.name}, which is an input.",
            "Choose another folder with --out.",
        )
    misfit = job.found.misfit
    if misfit is None or job.guide is not None or job.settings.guide is Guide.NONE:
        return None
    return RequestError(
        "guide-misfit",
        f"It has no guide, and {misfit.name} beside it fits no picture or cannot be read.",
        f"Name the guide {job.image.stem}_{kind_of(misfit)}.png and save it as PNG; or move it, or "
        "name a network that needs no guide with --network.",
    )


def _wait(current: Future[PictureOutcome | None], cancel: CancelToken, observer: Observer) -> None:
    """Wait for the current picture; tell the observer when the user asks to stop."""
    while not (current.done() or cancel.cancelled):
        wait([current], timeout=_LISTEN_S)
    if not current.done():
        observer.stop()
        wait([current])
