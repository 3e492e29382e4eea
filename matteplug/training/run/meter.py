"""Running means of a run's losses, its rate and the fraction of time spent waiting for data."""

from __future__ import annotations

import time
from collections.abc import Mapping

from matteplug.training.data.stream import BatchStream
from matteplug.training.display import Display
from matteplug.training.run.run_log import RunLog
from matteplug.training.run.trainer import Trainer


class Meter:
    """Means of the losses, the rate and the fraction of waiting since the last line."""

    def __init__(self, log: RunLog, display: Display, stream: BatchStream) -> None:
        self._log, self._display, self._stream = log, display, stream
        self._restart()

    def _restart(self) -> None:
        self._sums: dict[str, float] = {}
        self._steps = self._crops = 0
        self._began, self._waited_s = time.perf_counter(), self._stream.waited_s

    def add(self, terms: Mapping[str, float], crops: int) -> None:
        """Count one step."""
        for name, value in terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._steps += 1
        self._crops += crops

    def show(self, trainer: Trainer) -> None:
        """Write a line of means since the last one."""
        elapsed_s = time.perf_counter() - self._began
        means = {name: value / self._steps for name, value in self._sums.items()}
        speed = {
            "crops_per_s": self._crops / elapsed_s,
            "wait_share": (self._stream.waited_s - self._waited_s) / elapsed_s,
        }
        progress = trainer.schedule.progress(trainer.settings)
        place = {
            "samples": trainer.samples,
            "lr": trainer.schedule.lr(trainer.settings),
            "progress": progress,
        }
        self._log.write("step", trainer.step, **place, **means, **speed)
        rate = f"{speed['crops_per_s']:.1f} crops/s, {100 * speed['wait_share']:.0f} % waiting"
        self._display.step(f"step {trainer.step}: {named(means)} · {rate}", progress)
        self._restart()


def named(values: Mapping[str, float]) -> str:
    """Return numbers with their names, to be read by the user."""
    return ", ".join(f"{name} {value:.4f}" for name, value in values.items())
