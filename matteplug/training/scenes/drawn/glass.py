"""Glass, plastic and thin cloth: an even veil with an opaque rim and highlights."""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import Canvas, Cutout, flat
from matteplug.training.scenes.noise import Rng, fractal


def glass(rng: Rng, size_px: int) -> Cutout:
    """Draw a see-through body."""
    canvas = Canvas(size_px, 2)
    for _ in range(int(rng.integers(1, 3))):
        radius = rng.uniform(0.15, 0.4) * canvas.edge
        canvas.fill(outlines.blob(rng, outlines.somewhere(rng, canvas.edge), radius))
    body = canvas.finish("smoke").alpha.astype(np.float32) / 255
    veil = rng.uniform(0.1, 0.9) + rng.uniform(0, 0.7) * (fractal(rng, size_px, (1, 5)) - 0.5)
    alpha = body * np.clip(veil, 0, 1)
    if rng.random() < 0.7:
        width = int(rng.integers(3, 15))
        rim = cv2.morphologyEx(body, cv2.MORPH_GRADIENT, np.ones((width, width), np.uint8))
        alpha = np.maximum(alpha, rim * rng.uniform(0.3, 1))
    if rng.random() < 0.5:
        lights = Canvas(size_px, 2)
        for _ in range(int(rng.integers(1, 8))):
            centre = outlines.somewhere(rng, lights.edge, 0.2, 0.8)
            lights.fill(outlines.blob(rng, centre, rng.uniform(0.01, 0.08) * lights.edge))
        alpha = np.maximum(alpha, body * (lights.finish("smoke").alpha / np.float32(255)))
    return flat((alpha * 255).astype(np.uint8), "smoke")
