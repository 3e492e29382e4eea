"""HFAM's parts, switched on one by one (table 3 of its paper), and a U-Net of the same size.

    python benchmarks/ablation.py --data photos:DIR --data people:DIR --data subjects:DIR
        [--steps 400] [--seeds 3] [--only U-Net] [--save DIR]

Every row is trained on the same batches for the same number of steps, HFAM's on the frozen encoder
with its ImageNet weights, once per seed.  Prints the mean absolute error on the holdout scenes and,
on the photographs of the holdout with taught masks (scaled to a longest side of the crops' size),
the intersection over union at 0.5 and the squared error: the means of the seeds, and their standard
deviations.  --save keeps the first seed's weights as ROW.pt, for `portraits.py --weights`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import mean, stdev

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from matteplug.training.data.batch import to_device
from matteplug.training.data.sources import sources
from matteplug.training.data.stream import BatchPlan, BatchStream
from matteplug.training.recipes import NETWORK
from matteplug.training.run.trainer import Trainer
from matteplug.training.run.validation import HoldoutScenes
from matteplug.training.scenes.photographs import read_rgb
from matteplug.training.scenes.taught import files_of
from matteplug.training.settings import TrainSettings
from portrait_networks import NAMES, Trained, recipe
from portraits import overlap

Photograph = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_]]
"""The image (H, W, 3), its alpha (H, W) [0, 1], and where that is known (H, W)."""


@dataclass(frozen=True)
class AblationRow:
    """A row's results with one seed: parameters in millions, seconds, and errors."""

    parameters: float
    elapsed_s: float
    holdout_sad: float
    iou: float
    mse: float


def main() -> int:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", action="append", required=True, metavar="KIND:DIR")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--only", action="append", choices=NAMES, metavar="ROW")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep the weights")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    folders = dict(data.partition(":")[::2] for data in args.data)
    photographs = list(taught(Path(folders["subjects"])))
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
    measures = f"{len(photographs)} photographs, IoU", "MSE"
    table = Table("network", "parameters", "time", "holdout SAD", *measures)
    for name in args.only or NAMES:
        rows = []
        for seed in range(args.seeds):
            folder = None if seed else args.save
            rows.append(measured(name, replace(settings, seed=seed), photographs, folder))
            print(f"{name}, seed {seed}: {rows[-1]}", flush=True)  # hours before the table
        table.add_row(
            name,
            f"{rows[0].parameters:.2f} M",
            f"{mean(row.elapsed_s for row in rows) / 60:.1f} min",
            spread([row.holdout_sad for row in rows], 4),
            spread([row.iou for row in rows], 3),
            spread([row.mse for row in rows], 4),
        )
    Console().print(table)
    return 0


def taught(folder: Path) -> Iterator[Photograph]:
    """Yield the holdout's photographs with taught masks; see `Photograph`."""
    for path in files_of(folder, "image", "holdout"):
        alpha, known = (
            np.asarray(cv2.imread(str(folder / part / f"{path.stem}.png"), cv2.IMREAD_GRAYSCALE))
            for part in ("alpha", "known")
        )
        yield read_rgb(path), np.float32(alpha / 255), known > 127


def spread(values: list[float], digits: int) -> str:
    """Return the mean and the standard deviation of what the seeds gave."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{mean(values):.{digits}f} ± {stdev(values):.{digits}f}"


def measured(
    name: str, settings: TrainSettings, photographs: list[Photograph], folder: Path | None
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
    pairs = [
        (truth[known], row.alpha(image)[known])  # nobody knows the rest
        for image, truth, known in photographs
    ]
    return AblationRow(
        parameters=sum(p.numel() for p in row_recipe.parts[NETWORK].parameters()) / 1e6,
        elapsed_s=elapsed_s,
        holdout_sad=scenes.measure(row_recipe, network)["sad"],
        iou=mean(overlap(truth, alpha) for truth, alpha in pairs),
        mse=mean(float(np.square(alpha - truth).mean()) for truth, alpha in pairs),
    )


if __name__ == "__main__":
    sys.exit(main())
