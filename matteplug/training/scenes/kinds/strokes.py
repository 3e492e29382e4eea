"""Strokes in place of a trimap: a few lines in the object and around it, all else unknown."""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes import trimaps
from matteplug.training.scenes.drawn.cutout import U8
from matteplug.training.scenes.noise import Field, Rng, log_uniform
from matteplug.types import BACKGROUND, FOREGROUND, UNKNOWN

KNOWN = (0.03, 0.10)
"""Least and largest fraction of the picture that is known."""
MOST_STROKES = 12
STEPS = 40
STEP_PX = 5.0


def draw(rng: Rng, alpha: U8, hidden: Field | None = None) -> U8:
    """Return a trimap (H, W) uint8 0, 128, 255 of strokes, as `trimaps.draw` does otherwise."""
    known = rng.uniform(*KNOWN) * alpha.size
    inside = rng.uniform(0.25, 0.65) * known
    clear = trimaps.distance_from(trimaps.undecided(alpha, hidden))
    width = log_uniform(rng, 3, 14) * len(alpha) / 256
    trimap = np.full_like(alpha, UNKNOWN)
    for level, area in ((FOREGROUND, inside), (BACKGROUND, known - inside)):
        certain = clear * ((alpha > 127) == (level == FOREGROUND))
        allowed = certain > min(width / 3, float(certain.max()) / 2)
        trimap[painted(rng, allowed, area, width)] = level
    return trimap


def painted(rng: Rng, allowed: Field, area: float, width: float) -> Field:
    """Return (H, W) bool: strokes about `width` thick within an allowed area.

    They are wandering lines, painted until they cover `area` pixels or half of what is allowed.
    """
    mask = np.zeros(allowed.shape, np.uint8)
    room = trimaps.distance_from((~allowed).astype(np.uint8))
    area = min(area, 0.5 * float(allowed.sum()))
    for _ in range(MOST_STROKES):
        missing = area - int(mask.sum())
        rows, columns = np.nonzero(room[::2, ::2] > min(width / 2, 0.7 * float(room.max())))
        if missing < area / 10 or not len(rows):
            break
        at = int(rng.integers(len(rows)))
        turns = np.cumsum(rng.normal(0, 0.25, STEPS)) + rng.uniform(0, 2 * np.pi)
        steps = STEP_PX * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        path = 2.0 * np.array([columns[at], rows[at]]) + np.cumsum(steps, axis=0)
        enough = max(2, int(missing / (width * STEP_PX)))
        line = np.round(path[:enough]).astype(np.int32)
        stroke = np.zeros_like(mask)
        cv2.polylines(stroke, [line], False, 1, max(1, round(width)))
        mask |= stroke & allowed
    return mask > 0
