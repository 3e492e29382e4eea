"""Holes: background that shows through an object and is enclosed by it, as under an arm.

A trimap often leaves the whole hole unknown; nothing nearby then reveals that it is background,
only the colours known elsewhere do.
"""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes import trimaps
from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import fixed
from matteplug.training.scenes.noise import Field, Rng, log_uniform

MOST_HOLES = 4
SMALLEST_PX = 2.0
"""Smallest mean radius of a hole."""
LARGEST = 0.12
"""Largest, as a fraction of the picture's side."""
FRAYED_PROBABILITY = 0.4
"""Probability that a hole's edge is frayed."""


def cut(
    rng: Rng, alpha: Field, smallest_px: float = SMALLEST_PX, largest: float = LARGEST
) -> Field:
    """Return alpha (H, W), [0, 1], with one to four holes in its opaque part, if it has one.

    Args:
        rng: random numbers.
        alpha: the object's.
        smallest_px: smallest mean radius.
        largest: largest mean radius, as a fraction of the side.
    """
    side = alpha.shape[0]
    for _ in range(int(rng.integers(1, MOST_HOLES + 1))):
        radius = log_uniform(rng, smallest_px, max(largest * side, smallest_px))
        depth = trimaps.distance_from((alpha <= 0.99).astype(np.uint8))
        rows, columns = np.nonzero(depth[::2, ::2] > 1.2 * radius)
        if not len(rows):
            continue
        at = int(rng.integers(len(rows)))
        points = outlines.blob(rng, 2.0 * np.array([columns[at], rows[at]]), radius)
        alpha = alpha * (1 - _mask(rng, side, points, radius))
    return alpha


def _mask(rng: Rng, side: int, points: outlines.Points, radius: float) -> Field:
    drawn = np.zeros((side, side), np.uint8)
    cv2.fillPoly(drawn, [fixed(points)], 255, cv2.LINE_AA, 4)
    if rng.random() < FRAYED_PROBABILITY:
        length = rng.uniform(0.1, 0.6) * radius
        for root in points[:: int(rng.integers(1, 4))]:
            tip = root + rng.normal(0, length, 2)
            start, end = fixed(np.array([root, tip])).tolist()
            cv2.line(drawn, start, end, 0, 1, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(drawn, (0, 0), log_uniform(rng, 0.4, 2.0))
    mask: Field = soft * np.float32(1 / 255)
    return mask
