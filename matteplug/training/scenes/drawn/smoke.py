"""Smoke, fog and fire: partial alpha over large areas without any edge."""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import Canvas, Cutout, flat
from matteplug.training.scenes.noise import Rng, fractal, log_uniform


def smoke(rng: Rng, size_px: int) -> Cutout:
    """Draw a cloud: stretched noise inside a soft outline, thin or dense."""
    field = fractal(rng, size_px, (1, 4))
    low = rng.uniform(0.15, 0.45)
    cloud = np.clip((field - low) / rng.uniform(0.15, 0.6), 0, 1) ** rng.uniform(0.5, 1.6)
    canvas = Canvas(size_px, 1)
    for _ in range(int(rng.integers(1, 4))):
        radius = rng.uniform(0.15, 0.4) * size_px
        canvas.fill(outlines.blob(rng, outlines.somewhere(rng, size_px), radius))
    soft = cv2.GaussianBlur(canvas.pixels[..., 0], (0, 0), log_uniform(rng, 3, 40))
    return flat((cloud * soft).astype(np.uint8), "smoke")
