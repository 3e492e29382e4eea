"""Compare what is made of a few strokes: by the network alone, by the solver alone, and as shipped.

    python benchmarks/strokes.py --photos DIR [--scenes 8] [--size 320]

Scenes are synthetic, of things and people that were held out of training; strokes wander over the
sure parts of foreground and background until they cover about a given fraction of the picture.
Prints the mean absolute error of alpha for each fraction.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from matteplug import api
from matteplug.engine import default_engine
from matteplug.matting import choice, network_pass, strokes
from matteplug.network import Guide
from matteplug.plugins import registry
from matteplug.training.scenes import Scene, SceneSource, trimaps
from matteplug.training.scenes.kinds import strokes as strokes_of_training
from matteplug.types import BACKGROUND, FOREGROUND, UNKNOWN, MatteRequest

KNOWN = (0.03, 0.07, 0.12, 0.2, 0.28, 0.35)
_MARGIN_PX = 2.0
"""How far strokes stay from what is soft."""

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
        rng = np.random.default_rng(number)
        for known in KNOWN:
            trimap = drawn(scene.alpha, known, rng)
            for method, alpha in answers(scene.image, trimap):
                rows[method][known].append(float(np.abs(alpha - scene.alpha / 255).mean()))
    table = Table(title=f"{args.scenes} scenes of {args.size}², mean absolute error of alpha")
    table.add_column("known")
    for known in KNOWN:
        table.add_column(f"{known:.0%}", justify="right")
    for method, errors in rows.items():
        table.add_row(method, *(f"{mean(errors[known]):.3f}" for known in KNOWN))
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


def drawn(alpha: NDArray[np.uint8], known: float, rng: np.random.Generator) -> Trimap:
    """Return strokes, (H, W) uint8, that cover about a fraction of the picture."""
    trimap = np.full(alpha.shape, UNKNOWN, np.uint8)
    width_px = rng.uniform(3, 12) if known < 0.15 else rng.uniform(16, 40)
    clear = trimaps.distance_from(trimaps.undecided(alpha)) > _MARGIN_PX
    sure = {FOREGROUND: clear & (alpha > 127), BACKGROUND: clear & (alpha <= 127)}
    for level, allowed in sure.items():
        area = known * alpha.size * allowed.sum() / clear.sum()
        trimap[strokes_of_training.painted(rng, allowed, area, width_px)] = level
    return trimap


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
