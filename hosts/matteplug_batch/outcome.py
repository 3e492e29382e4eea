"""What became of a batch's pictures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from matteplug.errors import MatteplugError


class State(str, Enum):
    """How a picture ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class PictureOutcome:
    """What became of one picture.

    Attributes:
        image: the picture's file.
        state: see `State`.
        result: the file that was written, or existed already.
        guide: the guide that was used.
        network, provider: what made the matte; empty if none was made.
        elapsed_s: from the picture's turn to the written file.
        notes: repairs, choices and doubts; why a picture was skipped.
        error: why it failed.
    """

    image: Path
    state: State
    result: Path | None = None
    guide: Path | None = None
    network: str = ""
    provider: str = ""
    elapsed_s: float = 0.0
    notes: tuple[str, ...] = ()
    error: MatteplugError | None = None


@dataclass(frozen=True, kw_only=True)
class BatchReport:
    """What became of a batch.

    Attributes:
        outcomes: one per picture that was reached, in the order of the tree.
        waiting: how many pictures were not reached.
        stopped: the error that would have affected every further picture.
        interrupted: whether the user stopped the batch.
        elapsed_s: how long it took.
    """

    outcomes: list[PictureOutcome] = field(default_factory=list)
    waiting: int = 0
    stopped: MatteplugError | None = None
    interrupted: bool = False
    elapsed_s: float = 0.0

    def count(self, state: State) -> int:
        """Return how many pictures ended in a state."""
        return Counter(outcome.state for outcome in self.outcomes)[state]

    @property
    def status(self) -> int:
        """The exit status: 0 success, 1 a picture failed, 130 interrupted."""
        if self.interrupted:
            return 130
        return 1 if self.count(State.FAILED) or self.stopped else 0
