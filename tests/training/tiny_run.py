"""A network of a few weights and scenes of a few pixels, to train in the tests.

Also as a process to be killed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import torch
from tiny_source import TinySource
from torch import Tensor, nn

from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase
from matteplug.training.run.loop import Run
from matteplug.training.run.trainer import Trainer
from matteplug.training.settings import TrainSettings


class TinyNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(4, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 1, 3, padding=1),
        )

    def forward(self, image: Tensor, trimap: Tensor) -> Tensor:
        guide = trimap.unsqueeze(1).to(image.dtype) / 2
        return torch.sigmoid(self.body(torch.cat([image, guide], 1)).float())


class TinyRecipe:
    requirements = DataRequirements()

    def __init__(self, poison_at: int = 0) -> None:
        self.parts: dict[str, nn.Module] = {NETWORK: TinyNetwork()}
        self._calls, self._poison_at = 0, poison_at

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        self._calls += 1
        alpha = self.predict(self.parts[NETWORK], batch)
        loss = losses.l1(alpha, batch.alpha, batch.unknown)
        if self._calls == self._poison_at:
            loss = loss * float("nan")
        yield Phase(NETWORK, loss, {"l1": loss.detach()})

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        return cast(Tensor, network(batch.image, batch.trimap))


def settings(**changes: Any) -> TrainSettings:
    values: dict[str, Any] = {
        "family": "tiny",
        "config": "small",
        "steps": 8,
        "batch": 2,
        "sizes_px": (32,),
        "workers": 0,
        "threads": 1,
        "device": "cpu",
        "bf16": False,
        "warmup_steps": 2,
        "holdout_scenes": 2,
        "log_steps": 1,
    }
    return TrainSettings(**(values | changes))


def run(folder: Path, poison_at: int = 0, repeats: bool = False, **changes: Any) -> Run:
    torch.manual_seed(0)
    source = TinySource(repeats=repeats)
    trainer = Trainer(settings(**changes), TinyRecipe(poison_at))
    return Run(trainer, source, TinySource(99), folder)


if __name__ == "__main__":  # a run that checkpoints at every step, until it is killed
    torch.set_num_threads(1)
    forever: dict[str, Any] = {
        "steps": 100_000,
        "checkpoint_s": 0,
        "validate_s": 1e9,
        "sheet_s": 1e9,
    }
    run(Path(sys.argv[1]), workers=1, **forever).train()
