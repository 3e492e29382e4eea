"""The learning rate over a run: linear warm-up, then half a cosine over the budget."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matteplug.training.settings import TrainSettings


@dataclass
class Schedule:
    """How far a run is in its budget; part of a checkpoint.

    A run resumed without a new budget continues where it was.  A new budget starts a new schedule
    (a warm restart: the optimiser's moments stay, the rate warms up to its peak again and falls
    over the new budget).

    Attributes:
        step, elapsed_s: since this schedule began.
    """

    step: int = 0
    elapsed_s: float = 0.0

    def progress(self, settings: TrainSettings) -> float:
        """Return the fraction of the budget that is used, 0 to 1: of steps or time, the larger."""
        by_steps = self.step / settings.steps if settings.steps else 0.0
        by_time = self.elapsed_s / (60 * settings.minutes) if settings.minutes else 0.0
        return min(1.0, max(by_steps, by_time))

    def lr(self, settings: TrainSettings) -> float:
        """Return the learning rate of the next step."""
        warm = min(1.0, (self.step + 1) / max(1, settings.warmup_steps))
        cosine = 0.5 * (1 + math.cos(math.pi * self.progress(settings)))
        return settings.lr * warm * (cosine * (1 - settings.final_lr) + settings.final_lr)
