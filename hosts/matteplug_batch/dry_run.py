"""``--dry-run``: what would be made of each picture, from which guide, without doing it."""

from __future__ import annotations

from collections.abc import Sequence

from matteplug.errors import MatteplugError
from matteplug.types import CancelToken
from matteplug_batch.adapter import check_guide
from matteplug_batch.display_text import name
from matteplug_batch.job import Job
from matteplug_batch.outcome import PictureOutcome, State
from matteplug_batch.progress import line_of
from matteplug_batch.run import BatchRun


def show(batch: BatchRun, jobs: Sequence[Job], unusable: Sequence[PictureOutcome]) -> int:
    """Print a line for each picture, and return the exit status that is known already: 0 or 1."""
    settled = batch.settled(jobs, CancelToken())
    outcomes = [settled.get(job) or _refused(job) for job in jobs]
    for job, outcome in zip(jobs, outcomes, strict=True):
        guide = f"with {name(job.guide)}" if job.guide else "without a guide"
        print(
            line_of(outcome)
            if outcome
            else f"{name(job.image)}: would become {name(job.result)}, {guide}."
        )
    for outcome in unusable:
        print(line_of(outcome))
    known = [outcome for outcome in (*outcomes, *unusable) if outcome is not None]
    return 1 if any(outcome.state is State.FAILED for outcome in known) else 0


def _refused(job: Job) -> PictureOutcome | None:
    """Return the outcome of a picture that lacks its guide."""
    try:
        check_guide(job)
    except MatteplugError as error:
        return PictureOutcome(image=job.image, state=State.FAILED, error=error)
    return None
