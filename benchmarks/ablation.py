"""HFAM's parts, switched on one by one (table 3 of its paper), and a U-Net of the same size.

    python benchmarks/ablation.py --data photos:DIR --data people:DIR --portraits DIR [--steps 400]
        [--only U-Net] [--save DIR]

Every row is trained from scratch on the same batches for the same number of steps.  Prints the mean
absolute error on the holdout scenes and, for the portraits (NAME.jpg and NAME_alpha.png, scaled to
a longest side of the crops' size), the mean intersection over union at 0.5 and the mean squared
error.  --save keeps the weights as ROW.pt, for `portraits.py --weights`.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from matteplug.evaluation import samples
from matteplug.training.data.batch import to_device
from matteplug.training.data.sources import sources
from matteplug.training.data.stream import BatchPlan, BatchStream
from matteplug.training.recipes import NETWORK
from matteplug.training.run.trainer import Trainer
from matteplug.training.run.validation import HoldoutScenes
from matteplug.training.settings import TrainSettings
from portrait_networks import NAMES, Trained, recipe
from portraits import overlap


@dataclass(frozen=True)
class AblationRow:
    """A row's results: parameters in millions, seconds, and errors."""

    parameters: float
    elapsed_s: float
    holdout_sad: float
    iou: float
    mse: float


def main() -> int:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", action="append", required=True, metavar="KIND:DIR")
    parser.add_argument("--portraits", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--only", action="append", choices=NAMES, metavar="ROW")
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep the weights")
    args = parser.parse_args()
    settings = TrainSettings(
        family="hfam",
        config="compact",
        data=tuple(args.data),
        steps=args.steps,
        sizes_px=(args.size,),
        batch=args.batch,
        lr=2e-3,
        ema=0.99,
    )
    table = Table("network", "parameters", "time", "holdout SAD", "portraits, IoU · MSE")
    for name in args.only or NAMES:
        row = measured(name, settings, args.portraits, args.save)
        print(f"{name}: {row}")  # hours before the table
        table.add_row(
            name,
            f"{row.parameters:.2f} M",
            f"{row.elapsed_s / 60:.1f} min",
            f"{row.holdout_sad:.4f}",
            f"{row.iou:.3f} · {row.mse:.4f}",
        )
    Console().print(table)
    return 0


def measured(
    name: str, settings: TrainSettings, portraits: Path, folder: Path | None
) -> AblationRow:
    """Train one row and measure it; save it if a folder is given."""
    torch.manual_seed(settings.seed)
    row_recipe = recipe(name)
    trainer = Trainer(settings, row_recipe)
    source, holdout = sources(settings, row_recipe.requirements)
    (size_px,), steps = settings.sizes_px, settings.steps or 0
    started = time.monotonic()
    with BatchStream(source, BatchPlan(settings.batch, (size_px,))) as stream:
        for arrays in track(islice(stream, steps), name, steps):
            trainer.update(to_device(arrays, trainer.device))
    elapsed_s = time.monotonic() - started
    network = trainer.average.module.eval().cpu()
    row = Trained(name, row_recipe, network, size_px, trainer.samples)
    if folder is not None:
        print(f"The weights are in {row.save(folder)}.")
    scenes = HoldoutScenes(holdout, settings.holdout_scenes, size_px, torch.device("cpu"))
    portrait_samples = [samples.read(sample) for sample in samples.find(portraits, "none").samples]
    pairs = [(scene.truth, row.alpha(scene.image)) for scene in portrait_samples]
    return AblationRow(
        parameters=sum(p.numel() for p in row_recipe.parts[NETWORK].parameters()) / 1e6,
        elapsed_s=elapsed_s,
        holdout_sad=scenes.measure(row_recipe, network)["sad"],
        iou=mean(overlap(truth, alpha) for truth, alpha in pairs),
        mse=mean(float(np.square(alpha - truth).mean()) for truth, alpha in pairs),
    )


if __name__ == "__main__":
    sys.exit(main())
