"""Compare background matting with what a plate gives without a network.

    python benchmarks/plates.py --photos DIR [--scenes 24] [--size 512] [--styles STYLE …]

Scenes are synthetic, over photographs, of styles that were held out of training
(`HOLDOUT_STYLES`), with an imperfect plate; alpha and foreground are known exactly.  Every method
gets the same registered plate.  Errors are those of `matteplug evaluate`, over the whole picture.

* the network alone.
* the network with its edge refined by the trimap network, as the library does; that network was
  trained on these styles.
* difference: |I − B| between two thresholds, refined by a guided filter.
* closed-form: pymatting's, on the trimap that the same difference gives.

Exits with 1 if the mean SAD or MSE of the network alone exceeds half of the better peer's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import matteplug
from matteplug.evaluation.metrics import measure
from matteplug.guides import registration
from matteplug.training.scenes import Scene, SceneSource

HOLDOUT_STYLES = ("feathers", "lace", "letters")
SAME, DIFFERENT = 0.04, 0.16
"""Difference from the plate up to which it counts as none, and from which on as foreground."""
GUIDED_RADIUS_PX, GUIDED_SMOOTHNESS = 8, 1e-3
TRIMAP_PX = 9
TARGET = 0.5

Alpha = NDArray[np.float32]


class PlateResult(NamedTuple):
    """An alpha (H, W), and straight colours (H, W, 3) uint8 if the method gives any."""

    alpha: Alpha
    foreground: NDArray[np.uint8] | None = None


Method = Callable[[Scene, NDArray[np.uint8]], PlateResult]


def main() -> int:
    """Print the comparison and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--scenes", type=int, default=24)
    parser.add_argument("--size", type=int, default=512, help="side of the scenes in pixels")
    parser.add_argument(
        "--styles", nargs="+", default=HOLDOUT_STYLES, help="of the scenes' objects"
    )
    parser.add_argument("--network", default="background-matting")
    args = parser.parse_args()
    methods: dict[str, Method] = {
        "difference, guided filter": by_difference,
        "closed-form": by_closed_form,
        args.network: partial(by_network, args.network, refine=False),
        f"{args.network}, edge refined": partial(by_network, args.network, refine=True),
    }
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    colours: dict[str, list[float]] = {"plain copying": []}
    for scene, plate in scenes(args.photos, args.scenes, args.size, args.styles):
        for name, method in methods.items():
            answer = method(scene, plate)
            errors = measure(scene.alpha, answer.alpha)
            rows[name].append((errors.sad, errors.mse))
            if answer.foreground is not None:
                colours.setdefault(name, []).append(off(scene, answer.foreground))
        colours["plain copying"].append(off(scene, scene.image))
    means = {name: (mean(s for s, _ in row), mean(m for _, m in row)) for name, row in rows.items()}
    _print(means, f"{args.scenes} scenes of {args.size}², {', '.join(args.styles)}")
    words = ", ".join(f"{name} {mean(values):.2f}" for name, values in colours.items())
    print(f"foreground colours, α-weighted error of 255: {words}")
    ours = [name for name in means if name.startswith(args.network)]
    peers = [pair for name, pair in means.items() if name not in ours]
    best = [min(column) for column in zip(*peers, strict=True)]
    ratios = {n: [a / b for a, b in zip(means[n], best, strict=True)] for n in ours}
    for name, (sad, mse) in ratios.items():
        print(f"{name}: SAD {sad:.2f}, MSE {mse:.2f} of the better peer's")
    met = max(ratios[args.network]) <= TARGET
    print(f"target {TARGET} for the network alone: {'met' if met else 'MISSED'}")
    return 0 if met else 1


def scenes(
    photos: Path, count: int, size_px: int, styles: Sequence[str]
) -> Iterator[tuple[Scene, NDArray[np.uint8]]]:
    """Yield scenes that training never saw, with their registered plates."""
    source = SceneSource(
        seed=0,
        size_px=size_px,
        photos=photos,
        split="holdout",
        styles=dict.fromkeys(styles, 1.0),
        plates=True,
    )
    for index in range(count):
        scene = source.sample(8 * index)  # every eighth shows other objects
        assert scene.plate is not None
        registered = registration.register(scene.image, scene.plate)
        trusted = registered.confidence >= registration.CONFIDENCE_NEEDED
        yield scene, registered.plate if trusted else scene.plate


def by_difference(scene: Scene, plate: NDArray[np.uint8]) -> PlateResult:
    """Return as alpha what differs from the plate, filtered by the picture's brightness."""
    guide = cv2.cvtColor(scene.image, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    box = partial(cv2.blur, ksize=(2 * GUIDED_RADIUS_PX + 1,) * 2)
    rough = _difference(scene, plate)
    mean_guide, mean_rough = box(guide), box(rough)
    slope = (box(guide * rough) - mean_guide * mean_rough) / (
        box(guide * guide) - mean_guide**2 + GUIDED_SMOOTHNESS
    )
    offset = mean_rough - slope * mean_guide
    return PlateResult(np.clip(box(slope) * guide + box(offset), 0, 1))


def by_closed_form(scene: Scene, plate: NDArray[np.uint8]) -> PlateResult:
    """Return closed-form alpha around the border of what differs from the plate."""
    rough = _difference(scene, plate)
    kernel = np.ones((TRIMAP_PX, TRIMAP_PX), np.uint8)
    trimap = np.full(rough.shape, 128, np.uint8)
    trimap[cv2.erode((rough >= 1).astype(np.uint8), kernel) > 0] = 255
    trimap[cv2.dilate((rough > 0).astype(np.uint8), kernel) == 0] = 0
    if len(np.unique(trimap)) < 3:  # the solver needs something of each
        return PlateResult(rough)
    return PlateResult(matteplug.matte(scene.image, trimap=trimap, network="closed-form").alpha)


def by_network(
    network: str, scene: Scene, plate: NDArray[np.uint8], *, refine: bool
) -> PlateResult:
    """Return the library's answer, without a segmentation."""
    result = matteplug.matte(scene.image, plate=plate, network=network, align=False, refine=refine)
    return PlateResult(result.alpha, result.foreground)


def off(scene: Scene, foreground: NDArray[Any]) -> float:
    """Return the mean error of colours, weighted by alpha, where the foreground is transparent."""
    weight = np.where(scene.alpha < 255, scene.alpha, 0).astype(np.float64)
    apart = np.abs(foreground.astype(np.float64) - scene.foreground).mean(axis=2)
    return float((weight * apart).sum() / max(weight.sum(), 1))


def _difference(scene: Scene, plate: NDArray[np.uint8]) -> Alpha:
    apart = np.abs(scene.image.astype(np.float32) - plate).max(axis=2) / 255
    rough: Alpha = np.clip((cv2.blur(apart, (5, 5)) - SAME) / (DIFFERENT - SAME), 0, 1)
    return rough


def _print(means: dict[str, tuple[float, float]], title: str) -> None:
    table = Table(title=title)
    for heading in ("method", "SAD", "MSE × 10³"):
        table.add_column(heading, justify="left" if heading == "method" else "right")
    for name, (sad, mse) in means.items():
        table.add_row(name, f"{sad:.2f}", f"{1000 * mse:.2f}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
