"""Portraits without a guide: our network, GrabCut with a centred rectangle, and a U-Net.

Ours runs twice: with its edge refined by the trimap network, as the library does, and alone.

    python benchmarks/portraits.py DIR [--network hfam] [--weights runs/u-net.pt ...]

DIR contains NAME.jpg and NAME_alpha.png, as `matteplug evaluate` expects.  Prints, per picture and
on average, the intersection over union at alpha 0.5 and the mean squared error.

--weights names networks saved by `ablation.py --save`, such as the U-Net.  They see a picture at
the side of their crops and their alpha is scaled up; the library refines ours by the picture.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import matteplug
from matteplug.evaluation import samples
from matteplug.types import Alpha, Image

MARGIN = 0.08
"""Margin between the picture's frame and GrabCut's rectangle, as a fraction of each side."""
GRABCUT_STEPS = 5
GRABCUT_PX = 640


def main() -> int:
    """Print the comparison; fails if GrabCut's mean is better."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--network", default="hfam")
    parser.add_argument("--weights", type=Path, nargs="+", default=[], metavar="FILE")
    args = parser.parse_args()
    methods: dict[str, Callable[[Image], Alpha]] = {
        args.network: partial(by_network, args.network, refine=True),
        f"{args.network} alone": partial(by_network, args.network, refine=False),
        "GrabCut": by_grabcut,
        **dict(map(by_weights, args.weights)),
    }
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    table = Table("picture", *(f"{name}, IoU · MSE" for name in methods))
    for sample in samples.find(args.folder, "none").samples:
        scene = samples.read(sample)
        for name, method in methods.items():
            alpha = method(scene.image)
            errors = overlap(scene.truth, alpha), float(np.square(alpha - scene.truth).mean())
            rows[name].append(errors)
        table.add_row(scene.name, *(_words(*rows[name][-1]) for name in methods))
    means = {
        name: tuple(mean(column) for column in zip(*row, strict=True)) for name, row in rows.items()
    }
    table.add_row("mean", *(_words(*means[name]) for name in methods))
    Console().print(table)
    return 0 if means[args.network] > means["GrabCut"] else 1


def by_network(network: str, image: Image, *, refine: bool) -> Alpha:
    """Return the library's alpha."""
    return matteplug.matte(image, network=network, clean_colours=False, refine=refine).alpha


def by_weights(path: Path) -> tuple[str, Callable[[Image], Alpha]]:
    """Return the name and the alpha of a network that was trained for comparison."""
    from portrait_networks import Trained  # late: torch

    trained = Trained.read(path)
    return f"{trained.name}, {trained.crops} crops", trained.alpha


def by_grabcut(image: Image) -> Alpha:
    """Return GrabCut's mask: OpenCV segments the rectangle's inside by colour."""
    scale = min(1.0, GRABCUT_PX / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    left, top = round(MARGIN * width), round(MARGIN * height)
    mask = np.zeros((height, width), np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    rectangle = (left, top, width - 2 * left, height - 2 * top)
    cv2.grabCut(small, mask, rectangle, *models, GRABCUT_STEPS, cv2.GC_INIT_WITH_RECT)
    person = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return np.asarray(cv2.resize(person, image.shape[1::-1], interpolation=cv2.INTER_LINEAR))


def overlap(truth: NDArray[np.float32], alpha: Alpha) -> float:
    """Return the intersection over union of the areas with alpha above 0.5."""
    a, b = truth > 0.5, alpha > 0.5
    return float((a & b).sum() / max((a | b).sum(), 1))


def _words(iou: float, squared: float) -> str:
    return f"{iou:.3f} · {squared:.4f}"


if __name__ == "__main__":
    sys.exit(main())
