"""How steady alpha is from frame to frame, with and without the temporal filter.

    python benchmarks/video.py [--side 384] [--frames 8] [--noise 2] [--steady 0 50 80] [--json]

A synthetic scene whose alpha is known is filmed with the noise of a camera (standard deviation in
255ths): once still, once with the subject moving by two pixels a frame.  Each frame is cut out with
its trimap.  For the still scene: the mean difference of alpha between neighbouring frames within
the unknown band, and its 99th percentile.  For the moving one: the mean error of alpha there, which
a filter that lags behind would raise.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug import matte
from matteplug.types import UNKNOWN, Size
from matteplug_video.steady import Steady
from pictures import KnownPicture, synthetic


def main() -> int:
    """Run, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--noise", type=float, default=2.0, help="in 255ths")
    parser.add_argument("--steady", type=int, nargs="+", default=[0, 50, 80], help="in percent")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()

    known = synthetic(Size(args.side, args.side), 0.2)
    still = filmed(known, args.frames, args.noise, 0)
    moving = filmed(known, args.frames, args.noise, 2)
    made = {name: [cut(frame) for frame in film] for name, film in (("s", still), ("m", moving))}
    rows = []
    for percent in args.steady:
        filters = {name: Steady(percent / 100) for name in made}
        steadied = [filters["s"](f.image, a) for f, a in zip(still, made["s"], strict=True)]
        followed = [filters["m"](f.image, a) for f, a in zip(moving, made["m"], strict=True)]
        band = still[0].trimap == UNKNOWN
        changes = [np.abs(b - a)[band] for a, b in pairwise(steadied)]
        errors = [
            np.abs(a - f.alpha)[f.trimap == UNKNOWN] for f, a in zip(moving, followed, strict=True)
        ]
        rows.append(
            {
                "steady_percent": percent,
                "still_mean": float(np.mean(changes)),
                "still_99th": float(np.quantile(np.concatenate(changes), 0.99)),
                "moving_error": float(np.mean(np.concatenate(errors))),
            }
        )
    if args.json:
        print(json.dumps(rows, indent=2))
        return 0
    print("| --steady | still: mean change | 99th percentile | moving: mean error |")
    print("|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['steady_percent']} | {row['still_mean']:.5f} | {row['still_99th']:.5f} | "
            f"{row['moving_error']:.5f} |"
        )
    return 0


def filmed(known: KnownPicture, frames: int, noise: float, step_px: int) -> list[KnownPicture]:
    """Return frames with noise of their own, each moved on by so many pixels to the right."""
    rng = np.random.default_rng(1)

    def moved(array: NDArray[Any], number: int) -> NDArray[Any]:
        return np.roll(array, step_px * number, axis=1)

    film = []
    for number in range(frames):
        image = moved(known.image, number) + rng.normal(0, noise, known.image.shape)
        film.append(
            KnownPicture(
                np.clip(np.rint(image), 0, 255).astype(np.uint8),
                moved(known.trimap, number),
                moved(known.alpha, number),
            )
        )
    return film


def cut(frame: KnownPicture) -> NDArray[np.float32]:
    """Return the alpha that the trimap network finds."""
    return matte(frame.image, trimap=frame.trimap).alpha


if __name__ == "__main__":
    sys.exit(main())
