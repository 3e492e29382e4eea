"""Feathers: a bent shaft and two vanes of barbs that part here and there."""

from __future__ import annotations

import numpy as np

from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import NEUTRAL, Canvas, Cutout
from matteplug.training.scenes.drawn.strands import POINTS, Floats, courses, paint
from matteplug.training.scenes.noise import Rng, log_uniform, smooth_steps

SAMPLES = 3


def feathers(rng: Rng, size_px: int) -> Cutout:
    """Draw one to fourteen feathers, few large or many small, over one another."""
    canvas = Canvas(size_px, SAMPLES)
    count = int(log_uniform(rng, 1, 14))
    length = rng.uniform(0.5, 1.0) * canvas.edge / count**0.3
    heading, tone = rng.uniform(0, 2 * np.pi), rng.uniform(0, 255)
    for _ in range(count):
        root = outlines.somewhere(rng, canvas.edge, 0.2, 0.8)
        one(
            rng,
            canvas,
            root,
            heading=heading + rng.normal(0, 0.8),
            length=length * rng.uniform(0.7, 1.2),
            tone=tone,
        )
    return canvas.finish("strands")


def one(
    rng: Rng, canvas: Canvas, root: Floats, *, heading: float, length: float, tone: float
) -> None:
    """Draw one feather: barbs in order from the quill to the tip, then the shaft over them."""
    start = root - 0.5 * length * np.array([np.cos(heading), np.sin(heading)])
    shaft = courses(rng, start[None], np.array([heading]), np.array([length]), 0.25)
    barbs = int(log_uniform(rng, 160, 500))
    along = np.sort(rng.uniform(0.08, 1.0, barbs))
    at = along * (POINTS - 1)
    roots = np.stack(
        [np.interp(at, np.arange(POINTS), shaft[0, :, axis]) for axis in (0, 1)], axis=1
    )
    side = np.where(rng.random(barbs) < 0.5, -1.0, 1.0)
    lean = rng.uniform(0.35, 0.9) + smooth_steps(rng, 14, along, rng.uniform(0.02, 0.25))
    reach = length * rng.uniform(0.12, 0.3) * np.sin(np.pi * np.clip(along, 0.1, 0.97)) ** 0.5
    angles = heading + side * lean + rng.normal(0, 0.03, barbs)
    paths = courses(rng, roots, angles, reach * rng.uniform(0.8, 1.05, barbs), 0.15)
    widths = np.full(barbs, max(1.0, rng.uniform(0.7, 1.8) * length / barbs * 2))
    paint(rng, canvas, paths, widths, tone=tone, contrast=0.15)
    canvas.strokes(shaft, rng.uniform(2, 7), NEUTRAL * rng.uniform(0.7, 1.6), tone)
