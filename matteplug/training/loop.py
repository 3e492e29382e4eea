"""The training loop: batches in, updates, and everything that makes a run survive.

A run is a folder: ``last.pt`` and ``previous.pt`` (checkpoints), ``log.jsonl``, ``samples/``.  What
a checkpoint holds brings the run back to the step: weights, averages, moments, random numbers,
schedule and the next batch.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from matteplug.errors import TrainingError
from matteplug.training import checkpoint
from matteplug.training.batch import to_device
from matteplug.training.display import Display
from matteplug.training.ema import Average
from matteplug.training.journal import Journal
from matteplug.training.recipes import NETWORK, Phase, Recipe
from matteplug.training.schedule import Schedule
from matteplug.training.settings import TrainSettings
from matteplug.training.stream import BatchPlan, BatchSource, BatchStream
from matteplug.training.validation import HeldScenes


class Trainer:
    """Train a recipe's parts and keep the run's folder.

    Args:
        settings: how.
        recipe: what is trained.
        source: makes the batches.
        held: makes the scenes for validation.
        folder: the run's folder, made when missing.

    Attributes:
        step: updates made in this run.
        notes: sentences about the data, said and logged at the start.
        batches, samples, trained_s: batches and crops taken and seconds spent, in this run and
            those before it.
    """

    def __init__(
        self,
        settings: TrainSettings,
        recipe: Recipe,
        source: BatchSource,
        held: BatchSource,
        folder: Path,
    ) -> None:
        self.settings, self.recipe, self.folder = settings, recipe, folder
        self.device = _device(settings.device)
        self.schedule = Schedule()
        self.step = self.batches = self.samples = 0
        self.trained_s = 0.0
        self.notes: Sequence[str] = ()
        self._source, self._held = source, held
        for part in recipe.parts.values():
            part.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            part.train()
        self.average = Average(recipe.parts[NETWORK], settings.ema)
        self._optimisers = {k: _optimiser(part, settings) for k, part in recipe.parts.items()}
        self._stopping = False

    # State

    def start_from(self, content: Mapping[str, Any]) -> None:
        """Take the weights of a checkpoint and the count of what they cost, for a new run.

        Raises:
            TrainingError: it is a checkpoint of another configuration, or its tensors do not fit.
        """
        checkpoint.refuse_other(content, self.settings.family, self.settings.config)
        _load(self.recipe.parts[NETWORK], content["state"])
        _load(self.average.module, content["state"])
        training = content.get("training", {})
        self.batches = training.get("batches", 0)
        self.samples = training.get("samples", 0)
        self.trained_s = training.get("trained_s", 0.0)

    def resume(self, content: Mapping[str, Any], *, new_schedule: bool) -> None:
        """Go on where the checkpoint was written.

        Args:
            content: of the run's checkpoint.
            new_schedule: start the learning rate's schedule anew, for a new budget (a warm
                restart).

        Raises:
            TrainingError: as `start_from`.
        """
        self.start_from(content)
        training = content["training"]
        for name, part in self.recipe.parts.items():
            _load(part, training["parts"][name])
            self._optimisers[name].load_state_dict(training["optimisers"][name])
        self.step = content["step"]
        if not new_schedule:
            self.schedule = Schedule(**training["schedule"])
        torch.set_rng_state(training["random"])
        if self.device.type == "cuda" and training["random_cuda"] is not None:
            torch.cuda.set_rng_state(training["random_cuda"], self.device)

    def state(self) -> dict[str, Any]:
        """Return the content of a checkpoint; see `checkpoint`."""
        cuda = torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None
        return {
            "family": self.settings.family,
            "config": self.settings.config,
            "step": self.step,
            "state": self.average.module.state_dict(),
            "training": {
                "settings": self.settings.to_json(),
                "schedule": asdict(self.schedule),
                "batches": self.batches,
                "samples": self.samples,
                "trained_s": self.trained_s,
                "parts": {k: part.state_dict() for k, part in self.recipe.parts.items()},
                "optimisers": {k: o.state_dict() for k, o in self._optimisers.items()},
                "random": torch.get_rng_state(),
                "random_cuda": cuda,
            },
        }

    # Run

    def run(self) -> str:
        """Train until the budget is used or a signal asks to stop; return "budget" or "signal".

        Raises:
            TrainingError: the loss is not finite (the last checkpoint before it is kept), the data
                stream failed, or a checkpoint cannot be written.
        """
        settings = self.settings
        self.folder.mkdir(parents=True, exist_ok=True)
        journal = Journal(self.folder)
        plan = BatchPlan(settings.batch, settings.sizes_px)
        with ExitStack() as stack:
            display = stack.enter_context(Display())
            stack.enter_context(self._signals())
            stream = stack.enter_context(
                BatchStream(self._source, plan, start=self.batches, workers=settings.workers)
            )
            held = HeldScenes(self._held, settings.held_scenes, settings.sizes_px[0], self.device)
            about = {"settings": settings.to_json(), "notes": [*self.notes]}
            journal.write("start", self.step, samples=self.samples, **about)
            for note in self.notes:
                display.say(f"left out: {note}")
            self._checkpoint(journal)

            def validate() -> None:
                with self._autocast():
                    errors = held.measure(self.recipe, self.average.module)
                journal.write(
                    "validation",
                    self.step,
                    samples=self.samples,
                    minutes=self.trained_s / 60,
                    **errors,
                )
                display.say(f"held scenes at step {self.step}: {_named(errors)}")

            def sheet() -> None:
                path = self.folder / "samples" / f"step-{self.step:07d}.png"
                with self._autocast():
                    held.sheet(self.recipe, self.average.module, path)

            every = [
                _Every(settings.checkpoint_s, lambda: self._checkpoint(journal)),
                _Every(settings.validate_s, validate),
                _Every(settings.sheet_s, sheet),
            ]
            meter = _Meter(journal, display, stream)
            clock = time.perf_counter()
            for arrays in stream:
                progress = self.schedule.progress(settings)
                if progress >= 1 or self._stopping:
                    break
                lr = self.schedule.lr(settings)
                batch = to_device(arrays, self.device)
                self.step += 1
                terms = self._update(batch, progress, lr, journal)
                self.batches += 1
                self.samples += len(batch.image)
                self.schedule.step += 1
                clock, spent = time.perf_counter(), time.perf_counter() - clock
                self.schedule.elapsed_s += spent
                self.trained_s += spent
                meter.add(terms, len(batch.image))
                if self.step % settings.log_steps == 0:
                    meter.show(self.step, self.schedule.progress(settings), lr, self.samples)
                for task in every:
                    task.tick()
            reason = "signal" if self._stopping else "budget"
            self._checkpoint(journal)
            validate()
            sheet()
            journal.write(
                "stop", self.step, reason=reason, minutes=self.trained_s / 60, samples=self.samples
            )
        return reason

    def _update(self, batch: Any, progress: float, lr: float, journal: Journal) -> dict[str, float]:
        terms: dict[str, float] = {}
        phases = self.recipe.phases(batch, progress)
        while True:
            with self._autocast():
                phase = next(phases, None)
            if phase is None:
                return terms
            terms |= {k: v.item() for k, v in phase.terms.items()}
            terms[f"loss_{phase.part}" if phase.part != NETWORK else "loss"] = self._apply(
                phase, lr, journal
            )

    def _apply(self, phase: Phase, lr: float, journal: Journal) -> float:
        """Update one part; return its loss."""
        part, optimiser = self.recipe.parts[phase.part], self._optimisers[phase.part]
        loss = phase.loss.item()
        optimiser.zero_grad(set_to_none=True)
        phase.loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(part.parameters(), self.settings.clip).item()
        if not (torch.tensor([loss, norm]).isfinite().all()):
            journal.write(
                "stop", self.step, reason="not finite", loss=str(loss), gradient=str(norm)
            )
            raise TrainingError(
                "loss-not-finite",
                f"The loss was {loss:g} (gradient {norm:g}) at step {self.step}.",
                f"The last good checkpoint is kept in {self.folder}; resume it with a lower --lr.",
            )
        for group in optimiser.param_groups:
            group["lr"] = lr
        optimiser.step()
        if phase.part == NETWORK:
            self.average.update(part, self.step)
        return loss

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.bf16)

    def _checkpoint(self, journal: Journal) -> None:
        checkpoint.write(self.folder, self.state())
        journal.write("checkpoint", self.step, minutes=self.trained_s / 60, samples=self.samples)

    @contextmanager
    def _signals(self) -> Any:
        """Let SIGINT and SIGTERM end the run after the step that is under way."""

        def stop(number: int, frame: object) -> None:
            self._stopping = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Every:
    """Do something whenever so many seconds have passed since it was last done."""

    def __init__(self, period_s: float, action: Callable[[], None]) -> None:
        self._period_s, self._action, self._last = period_s, action, time.monotonic()

    def tick(self) -> None:
        if time.monotonic() - self._last >= self._period_s:
            self._action()
            self._last = time.monotonic()


class _Meter:
    """Means of the terms, the rate and the share of waiting since the last line."""

    def __init__(self, journal: Journal, display: Display, stream: BatchStream) -> None:
        self._journal, self._display, self._stream = journal, display, stream
        self._restart()

    def _restart(self) -> None:
        self._sums: dict[str, float] = {}
        self._steps = self._crops = 0
        self._began, self._waited_s = time.perf_counter(), self._stream.waited_s

    def add(self, terms: Mapping[str, float], crops: int) -> None:
        for name, value in terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._steps += 1
        self._crops += crops

    def show(self, step: int, progress: float, lr: float, samples: int) -> None:
        elapsed_s = time.perf_counter() - self._began
        means = {name: value / self._steps for name, value in self._sums.items()}
        speed = {
            "crops_per_s": self._crops / elapsed_s,
            "wait_share": (self._stream.waited_s - self._waited_s) / elapsed_s,
        }
        self._journal.write(
            "step", step, samples=samples, lr=lr, progress=progress, **means, **speed
        )
        rate = f"{speed['crops_per_s']:.1f} crops/s, {100 * speed['wait_share']:.0f} % waiting"
        self._display.step(f"step {step}: {_named(means)} · {rate}", progress)
        self._restart()


def _named(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in values.items())


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise TrainingError(
            "no-cuda",
            "This torch finds no CUDA device.",
            "Leave --device out, or install a CUDA build of torch.",
        )
    return torch.device(name)


def _optimiser(part: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    """Return AdamW; biases and norms do not decay."""
    parameters = [p for p in part.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.lr, betas=settings.betas, fused=True)


def _load(module: nn.Module, state: Mapping[str, Any]) -> None:
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise TrainingError(
            "checkpoint-tensors",
            "The checkpoint's tensors do not fit the network: its configuration has changed since.",
            str(error).splitlines()[-1].strip(),
        ) from error
