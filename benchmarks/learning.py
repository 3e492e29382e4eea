"""Do the networks learn?  Each gets the same crops; the holdout error before and after is printed.

A smoke test, not a comparison: with so few crops a network shows that its losses, its gradients
and its schedule work, and not what it is capable of.

usage: python benchmarks/learning.py --data photos:DIR --data people:DIR modnet mmnet:compact …
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import torch
from torch import nn

from matteplug.training.data.batch import Batch, to_device
from matteplug.training.data.sources import sources
from matteplug.training.data.stream import BatchPlan
from matteplug.training.recipes import NETWORK, Recipe, recipe
from matteplug.training.run.trainer import Trainer
from matteplug.training.run.validation import HoldoutScenes
from matteplug.training.settings import TrainSettings


class Constant:
    """Stands for a network that has learnt nothing but the mean alpha; see `Recipe`."""

    def __init__(self, like: Recipe, alpha: float) -> None:
        self.requirements = like.requirements
        self._alpha = alpha

    def predict(self, network: nn.Module, batch: Batch) -> torch.Tensor:
        """Return the constant everywhere."""
        return torch.full_like(batch.alpha, self._alpha)


def main() -> int:
    """Train every network that was named, and print a line for each; return 1 if one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="+", metavar="NETWORK[:CONFIG]")
    parser.add_argument("--data", action="append", required=True, metavar="KIND:DIR")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=96, help="side of the crops, px")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--holdout", type=int, default=32, help="number of scenes to measure on")
    args = parser.parse_args()
    print(f"{args.steps} steps of {args.batch} crops of {args.size}²; mean squared errors on")
    print(f"{args.holdout} holdout scenes; constant: the best that ignores the picture")
    print(f"{'network':<34}{'untrained':>10}{'constant':>10}{'trained':>10}{'seconds':>9}")
    worse = 0
    for name in args.networks:
        family, _, config = name.partition(":")
        settings = TrainSettings(
            family=family,
            config=config or "paper",
            data=tuple(args.data),
            steps=args.steps,
            batch=args.batch,
            sizes_px=(args.size,),
            lr=args.lr,
            warmup_steps=min(20, args.steps // 5),
            ema=0.9,
            device="cpu",
            bf16=False,
        )
        before, constant, after, elapsed_s = learn(settings, args.holdout)
        worse += not after < min(before, constant)
        print(
            f"{name:<34}{before:>10.4f}{constant:>10.4f}{after:>10.4f}{elapsed_s:>9.0f}", flush=True
        )
    return 1 if worse else 0


def learn(settings: TrainSettings, count: int) -> tuple[float, float, float, float]:
    """Return a network's errors untrained, of the best constant and trained, and the seconds."""
    torch.manual_seed(settings.seed)
    current = recipe(settings)
    train, holdout = sources(settings, current.requirements)
    trainer = Trainer(replace(settings, workers=0), current)
    plan = BatchPlan(settings.batch, settings.sizes_px)
    scenes = HoldoutScenes(holdout, count, settings.sizes_px[0], trainer.device)
    before = scenes.measure(current, current.parts[NETWORK].eval())["mse"]
    current.parts[NETWORK].train()
    constant = min(
        scenes.measure(Constant(current, alpha / 20), nn.Identity())["mse"]  # type: ignore[arg-type]
        for alpha in range(21)
    )
    start = time.perf_counter()
    for step in range(settings.steps or 0):
        trainer.update(to_device(train.batch(step, plan), trainer.device))
    elapsed_s = time.perf_counter() - start
    after = scenes.measure(current, trainer.average.module.eval())["mse"]
    return before, constant, after, elapsed_s


if __name__ == "__main__":
    raise SystemExit(main())
