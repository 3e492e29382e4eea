"""The training loop: batches, updates, and everything that lets a run survive.

A run is a folder: ``last.pt`` and ``previous.pt`` (checkpoints), ``log.jsonl``, ``samples/``.  A
checkpoint restores the run to the step: weights, averages, moments, random numbers, schedule and
the next batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from matteplug.errors import TrainingError
from matteplug.training.data.batch import Batch, to_device
from matteplug.training.data.stream import BatchPlan, BatchSource, BatchStream
from matteplug.training.display import Display
from matteplug.training.interruption import on_request
from matteplug.training.run import checkpoint
from matteplug.training.run.meter import Meter, named
from matteplug.training.run.run_log import RunLog
from matteplug.training.run.trainer import Trainer
from matteplug.training.run.validation import HoldoutScenes
from matteplug.training.writing import writing


class Run:
    """A trainer, its data and its folder.

    Args:
        trainer: what is trained.
        source: makes the batches.
        holdout: makes the scenes for validation.
        folder: the run's folder, created if missing.
        notes: sentences about skipped files, shown and logged at the start.
    """

    def __init__(
        self,
        trainer: Trainer,
        source: BatchSource,
        holdout: BatchSource,
        folder: Path,
        notes: Sequence[str] = (),
    ) -> None:
        self.trainer, self.folder = trainer, folder
        self._source, self._holdout, self._notes = source, holdout, notes
        self._log = RunLog(folder)

    def train(self) -> str:
        """Train until the budget is used up or a signal arrives; return "budget" or "signal".

        Raises:
            TrainingError: the loss is not finite (the last checkpoint before it is kept), the data
                stream failed, or a file of the run cannot be written.
        """
        trainer, settings = self.trainer, self.trainer.settings
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        plan = BatchPlan(settings.batch, settings.sizes_px)
        with ExitStack() as stack:
            display = stack.enter_context(Display())
            stop_requested = stack.enter_context(on_request())
            stream = stack.enter_context(
                BatchStream(self._source, plan, start=trainer.batches, workers=settings.workers)
            )
            size_px = settings.sizes_px[0]
            holdout = HoldoutScenes(self._holdout, settings.holdout_scenes, size_px, trainer.device)
            self._begin(display)
            every = [
                _Every(settings.checkpoint_s, self._checkpoint),
                _Every(settings.validate_s, lambda: self._validate(holdout, display)),
                _Every(settings.sheet_s, lambda: self._sheet(holdout)),
            ]
            meter = Meter(self._log, display, stream)
            clock = time.perf_counter()
            for arrays in stream:
                if trainer.schedule.progress(settings) >= 1 or stop_requested.is_set():
                    break
                meter.add(self._update(to_device(arrays, trainer.device)), len(arrays["image"]))
                if trainer.step % settings.log_steps == 0:
                    meter.show(trainer)
                for task in every:
                    task.tick()
                clock, spent_s = time.perf_counter(), time.perf_counter() - clock
                trainer.spend(spent_s)
            reason = "signal" if stop_requested.is_set() else "budget"
            self._checkpoint()
            self._validate(holdout, display)
            self._sheet(holdout)
            self._note("stop", reason=reason)
        return reason

    def _begin(self, display: Display) -> None:
        settings, notes = self.trainer.settings.to_json(), [*self._notes]
        self._note("start", settings=settings, notes=notes)
        for note in notes:
            display.say(f"skipped: {note}")
        self._checkpoint()

    def _update(self, batch: Batch) -> dict[str, float]:
        try:
            return self.trainer.update(batch)
        except TrainingError as error:
            self._note("stop", reason=error.code, message=error.message)
            raise

    def _checkpoint(self) -> None:
        checkpoint.write(self.folder, self.trainer.state())
        self._note("checkpoint")

    def _validate(self, holdout: HoldoutScenes, display: Display) -> None:
        trainer = self.trainer
        with trainer.autocast():
            errors = holdout.measure(trainer.recipe, trainer.average.module)
        self._note("validation", **errors)
        display.say(f"holdout scenes at step {trainer.step}: {named(errors)}")

    def _sheet(self, holdout: HoldoutScenes) -> None:
        trainer = self.trainer
        path = self.folder / "samples" / f"step-{trainer.step:07d}.png"
        with trainer.autocast():
            holdout.sheet(trainer.recipe, trainer.average.module, path)

    def _note(self, event: str, **values: Any) -> None:
        trainer = self.trainer
        cost = {"minutes": trainer.trained_s / 60, "samples": trainer.samples}
        self._log.write(event, trainer.step, **cost, **values)


class _Every:
    """Repeat an action once `period_s` seconds have passed since the last time."""

    def __init__(self, period_s: float, action: Callable[[], None]) -> None:
        self._period_s, self._action, self._last = period_s, action, time.monotonic()

    def tick(self) -> None:
        if time.monotonic() - self._last >= self._period_s:
            self._action()
            self._last = time.monotonic()
