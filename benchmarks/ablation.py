"""HFAM's parts, switched on one by one (table 3 of its paper), and a U-Net of the same size.

    python benchmarks/ablation.py --data photos:DIR --data people:DIR --portraits DIR [--steps 400]

Every row is trained from scratch on the same batches, as many steps as the others.  Prints the mean
absolute error on held scenes and, of the portraits (NAME.jpg and NAME_alpha.png, seen with a
longest side of the crops' size), the mean intersection over union at 0.5 and squared error.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import mean

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from matteplug.evaluation import samples
from matteplug.networks.hfam.config import COMPACT
from matteplug.networks.hfam.model import MULTIPLE, Hfam
from matteplug.networks.padding import replicate_to_multiple
from matteplug.training.batch import Batch, to_device
from matteplug.training.recipes import NETWORK, Recipe
from matteplug.training.recipes.hfam import OPTIONS, HfamRecipe
from matteplug.training.settings import TrainSettings
from matteplug.training.sources import sources
from matteplug.training.stream import BatchPlan, BatchStream
from matteplug.training.trainer import Trainer
from matteplug.training.validation import HeldScenes
from portraits import overlap
from unet import UNet, UNetRecipe

BASELINE = replace(COMPACT, mfem=(), bridge=False, attention=False)
STAGES = {
    "baseline": BASELINE,
    "+ MFEM on one feature": replace(BASELINE, mfem=(4,)),
    "+ MFEM on three": replace(BASELINE, mfem=(2, 3, 4)),
    "+ BB": replace(BASELINE, mfem=(2, 3, 4), bridge=True),
    "+ position attention": COMPACT,
}
ROWS = (*STAGES, "U-Net")


@dataclass(frozen=True)
class Row:
    """What a row came to: parameters in millions, seconds, and errors."""

    parameters: float
    elapsed_s: float
    held_sad: float
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
    parser.add_argument("--only", action="append", choices=ROWS, metavar="ROW")
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
    table = Table("network", "parameters", "time", "held SAD", "portraits, IoU · MSE")
    for name in args.only or ROWS:
        row = trained(name, settings, args.portraits)
        table.add_row(
            name,
            f"{row.parameters:.2f} M",
            f"{row.elapsed_s / 60:.1f} min",
            f"{row.held_sad:.4f}",
            f"{row.iou:.3f} · {row.mse:.4f}",
        )
    Console().print(table)
    return 0


def trained(name: str, settings: TrainSettings, portraits: Path) -> Row:
    """Train one row and measure it."""
    torch.manual_seed(settings.seed)
    recipe: Recipe = (
        HfamRecipe(Hfam(STAGES[name]), OPTIONS) if name in STAGES else UNetRecipe(UNet())
    )
    trainer = Trainer(settings, recipe)
    source, held = sources(settings, recipe.needs)
    (size_px,), steps = settings.sizes_px, settings.steps or 0
    started = time.monotonic()
    with BatchStream(source, BatchPlan(settings.batch, (size_px,))) as stream:
        for arrays in track(islice(stream, steps), name, steps):
            trainer.update(to_device(arrays, trainer.device))
    elapsed_s = time.monotonic() - started
    network = trainer.average.module.eval()
    scenes = HeldScenes(held, settings.held_scenes, size_px, trainer.device)
    found = [samples.read(sample) for sample in samples.find(portraits, "none").samples]
    pairs = [(scene.truth, seen(recipe, network, scene.image, size_px)) for scene in found]
    return Row(
        parameters=sum(p.numel() for p in recipe.parts[NETWORK].parameters()) / 1e6,
        elapsed_s=elapsed_s,
        held_sad=scenes.measure(recipe, network)["sad"],
        iou=mean(overlap(truth, alpha) for truth, alpha in pairs),
        mse=mean(float(np.square(alpha - truth).mean()) for truth, alpha in pairs),
    )


@torch.no_grad()
def seen(
    recipe: Recipe, network: torch.nn.Module, image: NDArray[np.uint8], side_px: int
) -> NDArray[np.float32]:
    """Return alpha (H, W) of a picture that the network sees with a longest side of `side_px`."""
    scale = side_px / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tensor = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
    padded = replicate_to_multiple(tensor, MULTIPLE)
    nothing = torch.zeros_like(padded[:, :1])
    batch = Batch(
        image=padded,
        alpha=nothing,
        trimap=nothing[:, 0].long(),
        foreground=padded,
        background=padded,
    )
    alpha = recipe.predict(network, batch)[0, 0, : small.shape[0], : small.shape[1]]
    return np.asarray(cv2.resize(alpha.numpy(), image.shape[1::-1], interpolation=cv2.INTER_LINEAR))


if __name__ == "__main__":
    sys.exit(main())
