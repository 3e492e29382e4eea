"""What is trained: a recipe's parts, their optimisers and averages, and how they are restored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from matteplug.errors import TrainingError
from matteplug.training.data.batch import Batch
from matteplug.training.recipes import NETWORK, Phase, Recipe
from matteplug.training.run import checkpoint
from matteplug.training.run.ema import Average
from matteplug.training.run.schedule import Schedule
from matteplug.training.settings import TrainSettings


class Trainer:
    """Makes updates and counts them.

    Args:
        settings: of the run.
        recipe: what is trained; its parts move to the settings' device.

    Attributes:
        average: of the part "network"; what is validated and exported.
        schedule: how far the run is in its budget.
        step: updates made in this run.
        batches, samples, trained_s: batches, crops and seconds used, in this run and in those
            whose weights it started from.
    """

    def __init__(self, settings: TrainSettings, recipe: Recipe) -> None:
        self.settings, self.recipe = settings, recipe
        self.device = _device(settings.device)
        self.schedule = Schedule()
        self.step = self.batches = self.samples = 0
        self.trained_s = 0.0
        for part in recipe.parts.values():
            part.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            part.train()
        self.average = Average(recipe.parts[NETWORK], settings.ema)
        self._optimisers = {k: _optimiser(part, settings) for k, part in recipe.parts.items()}

    def update(self, batch: Batch) -> dict[str, float]:
        """Train on a batch; return the recipe's terms and losses.

        Raises:
            TrainingError: a loss or its gradient is not finite; that part is not updated.
        """
        self.step += 1
        lr = self.schedule.lr(self.settings)
        terms: dict[str, float] = {}
        phases = self.recipe.phases(batch, self.schedule.progress(self.settings))
        while True:
            with self.autocast():
                phase = next(phases, None)
            if phase is None:
                break
            name = "loss" if phase.part == NETWORK else f"loss_{phase.part}"
            terms |= {k: v.item() for k, v in phase.terms.items()} | {name: self._apply(phase, lr)}
        self.batches += 1
        self.samples += len(batch.image)
        self.schedule.step += 1
        return terms

    def spend(self, elapsed_s: float) -> None:
        """Count time, in the schedule and in the total that the weights cost."""
        self.schedule.elapsed_s += elapsed_s
        self.trained_s += elapsed_s

    def autocast(self) -> torch.autocast:
        """Return the context in which networks compute in the settings' precision."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.bf16)

    def _apply(self, phase: Phase, lr: float) -> float:
        """Update one part; return its loss."""
        part, optimiser = self.recipe.parts[phase.part], self._optimisers[phase.part]
        loss = phase.loss.item()
        optimiser.zero_grad(set_to_none=True)
        phase.loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(part.parameters(), self.settings.clip).item()
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise TrainingError(
                "loss-not-finite",
                f"The loss was {loss:g} (gradient {norm:g}) at step {self.step}.",
                "The run's last checkpoint is intact: resume it with a lower --lr.",
            )
        for group in optimiser.param_groups:
            group["lr"] = lr
        optimiser.step()
        if phase.part == NETWORK:
            self.average.update(part, self.step)
        return loss

    def start_from(self, content: Mapping[str, Any]) -> None:
        """Start a new run from a checkpoint's weights and the totals of what they cost.

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
        """Continue where the checkpoint was written.

        Args:
            content: of the run's checkpoint.
            new_schedule: restart the learning rate's schedule, for a new budget (a warm
                restart).

        Raises:
            TrainingError: as `start_from`, or the run trained other parts, as another stage does.
        """
        self.start_from(content)
        training = content["training"]
        if (theirs := training["parts"].keys()) != (ours := self.recipe.parts.keys()):
            raise TrainingError(
                "checkpoint-parts",
                f"The run trained {', '.join(theirs)}; the settings train {', '.join(ours)}.",
                "Start a new run from its weights with --init RUN.",
            )
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


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise TrainingError(
            "no-cuda",
            "torch finds no CUDA device.",
            "Drop --device, or install a CUDA build of torch.",
        )
    return torch.device(name)


def _optimiser(part: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    """Return AdamW without weight decay for biases and norms."""
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
