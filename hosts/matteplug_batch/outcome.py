"""What became of a batch's pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from matteplug.errors import MatteplugError
from matteplug.result import Matte


class State(str, Enum):
    """How a picture ended."""

    DONE = "done"
    DOUBTFUL = "doubtful"
    """Written, and to be looked at: the confidence is low."""
    EMPTY = "empty"
    """Written, but there is nothing in it."""
    FAILED = "failed"
    SKIPPED = "skipped"

    @classmethod
    def of(cls, matte: Matte) -> State:
        """Return how a picture with this matte ends: done, doubtful or empty."""
        return cls(matte.outcome)


WRITTEN = (State.DONE, State.DOUBTFUL, State.EMPTY)
"""How pictures end whose result was written, the best first."""


@dataclass(frozen=True, kw_only=True)
class PictureOutcome:
    """What became of one picture.

    Attributes:
        image: the picture's file.
        state: see `State`.
        result: the file that was written, or existed already.
        guide: the guide that was used.
        network, provider: what made the matte; empty if none was made.
        licences: of the networks that made the matte, id to a clause.
        confidence: of the matte, 0 to 1; None if it was not estimated.
        earlier: how a picture that is skipped ended in the batch that made its result.
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
    licences: Mapping[str, str] = field(default_factory=dict)
    confidence: float | None = None
    earlier: State | None = None
    elapsed_s: float = 0.0
    notes: tuple[str, ...] = ()
    error: MatteplugError | None = None


def skipped(files: Iterable[tuple[Path, str]]) -> list[PictureOutcome]:
    """Return the outcomes of files that are not cut out, each with the reason."""
    return [PictureOutcome(image=path, state=State.SKIPPED, notes=(why,)) for path, why in files]


@dataclass(frozen=True, kw_only=True)
class BatchReport:
    """What became of a batch.

    Attributes:
        outcomes: one per picture that was reached, in the order of the tree.
        waiting: how many pictures were not reached.
        stopped: the error that would have affected every further picture.
        interrupted: whether the user stopped the batch.
        elapsed_s: how long it took.
        fail_on: the states that count as failures, besides failed.
    """

    outcomes: list[PictureOutcome] = field(default_factory=list)
    waiting: int = 0
    stopped: MatteplugError | None = None
    interrupted: bool = False
    elapsed_s: float = 0.0
    fail_on: Collection[State] = ()

    def count(self, state: State) -> int:
        """Return how many pictures ended in a state."""
        return Counter(outcome.state for outcome in self.outcomes)[state]

    @property
    def status(self) -> int:
        """The exit status: 0 success, 1 a picture ended badly, 130 interrupted."""
        if self.interrupted:
            return 130
        bad = {State.FAILED, *self.fail_on}
        ends = {outcome.earlier or outcome.state for outcome in self.outcomes}
        return 1 if bad & ends or self.stopped else 0
