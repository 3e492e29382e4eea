"""Measure an open picture: the first view, strokes and the edge, beside making the matte once.

``python benchmarks/editing.py [--megapixels 12] [--rounds 3]``.  The picture is a disc with hair in
front of clouds, its selection a hard one.  The networks are loaded before; what is printed are
seconds, and their ratios to `matteplug.run` of the same picture in the same process.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from matteplug import MatteOptions, api
from matteplug.editing import OpenPicture, Stroke
from matteplug.types import UNKNOWN, Rect, Size, Trimap
from pictures import synthetic

STROKE_PX = 200
RADIUS_PX = 20
EDGE = MatteOptions(smooth_px=2, feather_px=3, contrast_percent=20, shift_edge_percent=-20)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    height = round((args.megapixels * 1e6 * 3 / 4) ** 0.5)
    known = synthetic(Size(height * 4 // 3, height), unknown=0.1)
    selection = np.uint8(known.alpha > 0.5) * np.uint8(255)
    small = tuple(slice(0, 512) for _ in range(2))
    api.matte(known.image[small].copy(), trimap=checked(known.trimap[small]))  # loads the network

    started = time.perf_counter()
    request = api.request(known.image, selection=selection)
    reading = time.perf_counter() - started
    whole = timed(lambda: api.run(request))
    views: list[float] = []
    started = time.perf_counter()
    picture = OpenPicture(request, view=lambda *_: views.append(time.perf_counter() - started))
    opened = time.perf_counter() - started
    size = picture.size
    unknown = picture.trimap == UNKNOWN
    band = np.argwhere(unknown)
    strokes = []
    for turn in range(args.rounds):
        y, x = (int(v) for v in band[len(band) * (turn + 1) // (args.rounds + 1)])
        points = [(x - STROKE_PX / 2, y), (x + STROKE_PX / 2, y)]
        for what in (0, 255, UNKNOWN):
            stroke = Stroke(what=what, radius_px=RADIUS_PX, points=points)
            strokes.append(timed(partial(picture.stroke, stroke)))
    seen = Rect(size.width // 4, size.height // 4, 800, 600)
    parts = {
        "the same, as run makes it": whole,
        "reading the selection": reading,
        "the first view after that": views[0],
        "all of it, with views": opened,
        f"a stroke of {STROKE_PX} px (median)": statistics.median(strokes),
        f"a stroke of {STROKE_PX} px (worst)": max(strokes),
        "the edge in 800×600": median(lambda: picture.part(EDGE, seen), args.rounds),
        "the edge of all, a fifth as large": median(
            lambda: picture.part(EDGE, scale=0.2), args.rounds
        ),
        "the edge of all": median(lambda: picture.part(EDGE), args.rounds),
    }
    print(f"{size}, {len(band) / unknown.size:.1%} of it unknown; {len(views)} views")
    for name, seconds in parts.items():
        print(f"{name:34} {seconds:7.3f} s  {seconds / whole:6.3f} × run")


def checked(trimap: Trimap) -> Trimap:
    """Return a trimap in which something is unknown."""
    trimap = trimap.copy()
    trimap[:64], trimap[64:128], trimap[128:192] = 0, UNKNOWN, 255
    return trimap


def timed(function: Callable[[], object]) -> float:
    """Return how long a call took, in seconds."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def median(function: Callable[[], object], rounds: int) -> float:
    """Return the median of some calls' seconds."""
    return statistics.median(timed(function) for _ in range(rounds))


if __name__ == "__main__":
    main()
