"""Careless trimaps: known areas that are small, or wrong by a few pixels."""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes import trimaps
from matteplug.training.scenes.drawn.cutout import U8
from matteplug.training.scenes.noise import Field, Rng, fractal, log_uniform
from matteplug.types import BACKGROUND, FOREGROUND, UNKNOWN

SMALL_PROBABILITY = 0.5
FARTHEST_PX = 5.0
"""How far a known area may be from where it belongs."""
RADII_PX = (4.0, 24.0)
"""Smallest and largest radius of a small known area."""


def draw(rng: Rng, alpha: U8, hidden: Field | None = None) -> U8:
    """Return a trimap (H, W) uint8 0, 128, 255 that leaves little known, or is slightly displaced.

    Known pixels of a displaced one may be wrong, within `FARTHEST_PX` of where they are right.
    """
    trimap = trimaps.draw(rng, alpha, hidden)
    return sparse(rng, trimap) if rng.random() < SMALL_PROBABILITY else displaced(rng, trimap)


def sparse(rng: Rng, trimap: U8) -> U8:
    """Keep what is known in one to four discs of each kind only."""
    kept = np.zeros_like(trimap)
    for level in (FOREGROUND, BACKGROUND):
        rows, columns = np.nonzero(trimap == level)
        for _ in range(int(rng.integers(1, 5)) if len(rows) else 0):
            at = int(rng.integers(len(rows)))
            radius = int(log_uniform(rng, *RADII_PX))
            cv2.circle(kept, (int(columns[at]), int(rows[at])), radius, 1, -1)
    few: U8 = np.where(kept > 0, trimap, UNKNOWN).astype(np.uint8)
    return few


def displaced(rng: Rng, trimap: U8) -> U8:
    """Shift a trimap by a few pixels, elsewhere in another direction."""
    size = len(trimap)
    reach = log_uniform(rng, 1.0, FARTHEST_PX) * np.sqrt(2)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    x += (fractal(rng, size, (1, 3), 0.3) - 0.5) * np.float32(reach)
    y += (fractal(rng, size, (1, 3), 0.3) - 0.5) * np.float32(reach)
    return cv2.remap(trimap, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
