"""The learning rate over a run: linear warm-up, then half a cosine over the budget."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matteplug.training.settings import TrainSettings


@dataclass
class Schedule:
    """Where a run stands in its budget; part of a checkpoint.

    A resumed run without a new budget goes on where it stood.  With a new budget it starts a new
    schedule (a warm restart: the optimiser's moments stay, the rate warms up to its peak again and
    falls over the
        new budget).

    Attributes:
        step, elapsed_s: since this schedule began.
    """

    step: int = 0
    elapsed_s: float = 0.0

    def progress(self, settings: TrainSettings) -> float:
        """Return the fraction of the budget that is used, 0 to 1.

        By steps or time, whichever is further.
        """
        by_steps = self.step / settings.steps if settings.steps else 0.0
        by_time = self.elapsed_s / (60 * settings.minutes) if settings.minutes else 0.0
        return min(1.0, max(by_steps, by_time))

    def lr(self, settings: TrainSettings) -> float:
        """Return the learning rate of the next step."""
        warm = min(1.0, (self.step + 1) / max(1, settings.warmup_steps))
        fall = 0.5 * (1 + math.cos(math.pi * self.progress(settings)))
        return settings.lr * warm * (fall * (1 - settings.final_lr) + settings.final_lr)
