"""Objects with sharp edges: one soft pixel, holes, several parts, letters."""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import NEUTRAL, Canvas, Cutout
from matteplug.training.scenes.noise import Rng

SAMPLES = 2
OUTLINES = (outlines.blob, outlines.blob, outlines.blob, outlines.polygon, outlines.box)


def solid(rng: Rng, size_px: int) -> Cutout:
    """Draw one to four overlapping bodies, each with its own light, sometimes pierced."""
    canvas = Canvas(size_px, SAMPLES)
    for _ in range(int(rng.integers(1, 5))):
        outline = OUTLINES[int(rng.integers(len(OUTLINES)))]
        centre = outlines.somewhere(rng, canvas.edge)
        points = outline(rng, centre, rng.uniform(0.1, 0.42) * canvas.edge)
        canvas.fill(points, NEUTRAL * rng.uniform(0.6, 1.3), rng.uniform(0, 255))
    if rng.random() < 0.4:
        pierce(rng, canvas, int(rng.integers(1, 12)))
    return canvas.focused(rng, "solid")


def pierce(rng: Rng, canvas: Canvas, holes: int) -> None:
    """Cut holes of many sizes."""
    for _ in range(holes):
        centre = outlines.somewhere(rng, canvas.edge)
        canvas.erase(outlines.blob(rng, centre, rng.uniform(0.006, 0.07) * canvas.edge))


def bars(rng: Rng, size_px: int) -> Cutout:
    """Draw rods, wires and straps of constant width, mostly with a body among them."""
    canvas = Canvas(size_px, SAMPLES)
    if rng.random() < 0.7:
        radius = rng.uniform(0.1, 0.3) * canvas.edge
        canvas.fill(outlines.blob(rng, outlines.somewhere(rng, canvas.edge), radius), tone=200)
    for _ in range(int(rng.integers(2, 12))):
        ends = rng.uniform(0.0, 1.0, (3, 2)) * canvas.edge
        t = np.linspace(0, 1, 24)[:, None]
        curve = ends[0] * (1 - t) ** 2 + 2 * ends[1] * t * (1 - t) + ends[2] * t**2
        width = rng.uniform(1.5, 26)
        shade = NEUTRAL * rng.uniform(0.6, 1.3)
        tone = rng.uniform(0, 255)
        for part in (1.0, 0.6, 0.25):
            canvas.strokes(curve[None], width * part, shade * (1.3 - 0.4 * part), tone)
    return canvas.focused(rng, "solid")


def letters(rng: Rng, size_px: int) -> Cutout:
    """Draw letters and signs."""
    canvas = Canvas(size_px, SAMPLES)
    signs = list("abcdefgkmstABCKRS&%@#123456oOx")
    for _ in range(int(rng.integers(2, 8))):
        text = "".join(rng.choice(signs, int(rng.integers(1, 6))))
        at = (int(rng.uniform(0, 0.6) * canvas.edge), int(rng.uniform(0.2, 1) * canvas.edge))
        look = (255, NEUTRAL * rng.uniform(0.6, 1.4), rng.uniform(0, 255))
        scale, width = rng.uniform(2, 14), int(rng.integers(3, 30))
        cv2.putText(
            canvas.pixels, text, at, int(rng.integers(0, 8)), scale, look, width, cv2.LINE_AA
        )
    return canvas.finish("solid")
