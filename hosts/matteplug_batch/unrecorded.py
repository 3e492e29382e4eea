"""Results that no journal is kept of: what is there is a person's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matteplug.errors import MatteplugError, RequestError
from matteplug_batch.job import Job
from matteplug_batch.journal import Condition, Record
from matteplug_batch.outcome import State


class Unrecorded:
    """Stands where the journal of a batch does."""

    def condition(self, result: Path) -> Condition:
        """Tell what is there where a result belongs."""
        return Condition.FOREIGN if result.exists() else Condition.MISSING

    def protection(self, result: Path, *, force: bool) -> MatteplugError | None:
        """Return why a result must not be written; None if it may."""
        if force or not result.exists():
            return None
        return RequestError(
            "result-exists",
            f"{result} exists, so it is not overwritten.",
            "Overwrite it with --force, or choose another name with --out.",
        )

    def finished(self, job: Job) -> Record | None:
        """Return None: nothing is known about earlier results."""

    def claim(self, job: Job, draft: Path | None = None) -> None:
        """Record nothing."""

    def finish(
        self, job: Job, fingerprint: Mapping[str, Any], state: State, confidence: float | None
    ) -> None:
        """Record nothing."""
