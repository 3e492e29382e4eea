"""Compare what is made of a few strokes: by the network alone, by the solver alone, and as shipped.

    python benchmarks/strokes.py --photos DIR [--scenes 8] [--size 320]

Scenes are synthetic, of things and people that were held out of training; strokes wander over the
sure parts of foreground and background until they cover a given share of the picture.  Prints the
mean absolute error of alpha for each share.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from matteplug import api
from matteplug.engine import default_engine
from matteplug.matting import choice, network_pass, strokes
from matteplug.network import Guide
from matteplug.plugins import registry
from matteplug.training.scenes import Scene, SceneSource
from matteplug.types import BACKGROUND, FOREGROUND, UNKNOWN, MatteRequest

SHARES = (0.03, 0.07, 0.12, 0.2, 0.3, 0.45)
_STEP_PX, _MARGIN_PX = 3, 5
_MOST_STROKES = 400

Trimap = NDArray[np.uint8]


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--size", type=int, default=320, help="side of the scenes in pixels")
    args = parser.parse_args()
    rows: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number, scene in enumerate(scenes(args.photos, args.scenes, args.size)):
        random = np.random.default_rng(number)
        for share in SHARES:
            trimap = drawn(scene.alpha, share, random)
            for method, alpha in answers(scene.image, trimap):
                rows[method][share].append(float(np.abs(alpha - scene.alpha / 255).mean()))
    table = Table(title=f"{args.scenes} scenes of {args.size}², mean absolute error of alpha")
    table.add_column("known")
    for share in SHARES:
        table.add_column(f"{share:.0%}", justify="right")
    for method, errors in rows.items():
        table.add_row(method, *(f"{mean(errors[share]):.3f}" for share in SHARES))
    Console().print(table)


def scenes(photos: Path, count: int, size_px: int) -> Iterator[Scene]:
    """Yield scenes whose foreground is neither tiny nor all of the picture."""
    source = SceneSource(seed=7, size_px=size_px, photos=photos, split="holdout", layout="portrait")
    index = 0
    while count:
        scene = source.sample(8 * index)  # every eighth shows other objects
        index += 1
        if 0.08 < (scene.alpha > 127).mean() < 0.7 and (scene.alpha >= 250).mean() > 0.04:
            count -= 1
            yield scene


def drawn(alpha: NDArray[np.uint8], share: float, random: np.random.Generator) -> Trimap:
    """Return strokes, (H, W) uint8, that cover about `share` of the picture."""
    trimap = np.full(alpha.shape, UNKNOWN, np.uint8)
    kernel = np.ones((_MARGIN_PX, _MARGIN_PX), np.uint8)
    width_px = int(random.integers(3, 12) if share < 0.4 else random.integers(12, 40))
    sure = {
        FOREGROUND: np.asarray(cv2.erode((alpha >= 250).astype(np.uint8), kernel), np.uint8),
        BACKGROUND: np.asarray(cv2.erode((alpha <= 5).astype(np.uint8), kernel), np.uint8),
    }
    for _ in range(_MOST_STROKES):
        for level, inside in sure.items():
            trimap[stroke(inside, width_px, random)] = level
        if (trimap != UNKNOWN).mean() >= share:
            break
    return trimap


def stroke(
    inside: NDArray[np.uint8], width_px: int, random: np.random.Generator
) -> NDArray[np.bool_]:
    """Return a random walk over what is 1 in `inside`, begun where that is thick."""
    canvas = np.zeros_like(inside)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5).astype(np.float64).ravel()
    if depth.any():
        y, x = np.divmod(float(random.choice(depth.size, p=depth / depth.sum())), inside.shape[1])
        heading = random.uniform(0, 2 * np.pi)
        for _ in range(int(random.integers(10, 50))):
            heading += random.normal(0, 0.25)
            to_x, to_y = x + _STEP_PX * np.cos(heading), y + _STEP_PX * np.sin(heading)
            within = 0 <= to_y < inside.shape[0] and 0 <= to_x < inside.shape[1]
            if within and inside[int(to_y), int(to_x)]:
                cv2.line(canvas, (int(x), int(y)), (int(to_x), int(to_y)), 1, width_px)
                x, y = to_x, to_y
            else:
                heading += np.pi * random.uniform(0.5, 1.5)
    return np.asarray((canvas & inside) > 0)


def answers(image: NDArray[np.uint8], trimap: Trimap) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield each method's name and alpha."""
    engine, network = default_engine(), choice.best(Guide.TRIMAP)
    request = MatteRequest(image=image, trimap=trimap)
    yield f"{network.id} alone", network_pass.run(engine, network, request).alpha
    solver = registry().network(strokes.SOLVER)
    yield f"{solver.id} alone", network_pass.run(engine, solver, request).alpha
    spread = strokes.spread(engine, request, least_known=1.0)
    yield (
        f"{network.id} after {solver.id}",
        api.matte(
            image, trimap=spread.trimap, network=network.id, engine=engine, clean_colours=False
        ).alpha,
    )


if __name__ == "__main__":
    main()
