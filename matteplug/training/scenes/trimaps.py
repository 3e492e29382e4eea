"""Trimaps as users draw them: bands from one pixel to nearly everything, grown, closed, brushed.

A trimap is correct by construction: known pixels have alpha 0 or 1 (within `TOLERANCE`).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.training.scenes.drawn.cutout import U8
from matteplug.training.scenes.noise import Field, Rng, fractal, log_uniform
from matteplug.types import BACKGROUND, FOREGROUND, UNKNOWN

TOLERANCE = 5
"""Largest distance (of 255) of a known pixel's alpha from 0 or 255."""

ATTEMPTS = 6


def draw(rng: Rng, alpha: U8, hidden: Field | None = None) -> U8:
    """Return a trimap (H, W) uint8 0, 128, 255 for an alpha (H, W) uint8.

    The band is narrowed until some background and some of the foreground's body are known; what is
    `hidden`, (H, W) bool, stays unknown although its alpha may be 0 or 1.
    """
    soft = undecided(alpha, hidden)
    gap_px = int(log_uniform(rng, 3, 31)) if rng.random() < 0.4 else 0
    inside = alpha > 127
    distance = distance_from(closed(soft, gap_px) if gap_px else soft)
    outer = log_uniform(rng, 1.0, 4.0) if rng.random() < 0.15 else log_uniform(rng, 3.0, 32.0)
    inner = (
        outer * float(np.exp(rng.normal(0, 0.35)))
        if rng.random() < 0.7
        else log_uniform(rng, 2, 32)
    )
    wobble = (
        0.4 + 1.2 * fractal(rng, alpha.shape[0], (1, 4)) if rng.random() < 0.6 else np.float32(1)
    )
    brushed = brush(rng, soft, log_uniform(rng, 3, 30)) if rng.random() < 0.35 else None
    widest = rng.uniform(0.15, 1.0)
    specks = log_uniform(rng, 10, 2000)
    for attempt in range(ATTEMPTS):
        reach = np.where(inside, np.float32(inner), np.float32(outer)) * wobble
        unknown = distance <= reach
        if brushed is not None:
            unknown |= brushed > 0
        trimap = np.where(unknown, UNKNOWN, np.where(inside, FOREGROUND, BACKGROUND))
        trimap = trimap.astype(np.uint8)
        if enough_known(trimap, inside) and unknown.mean() < widest:
            break
        inner, outer, brushed = inner * 0.5, outer * 0.6, None
        if attempt == 1 and gap_px:
            distance = distance_from(soft)
    if rng.random() < 0.015:
        trimap[trimap == FOREGROUND] = UNKNOWN
    without_specks(trimap, specks)
    return trimap


def undecided(alpha: U8, hidden: Field | None = None) -> U8:
    """Return (H, W) uint8, 1 where no trimap may be known: alpha is partial or jumps, or hidden."""
    partial = (alpha > TOLERANCE) & (alpha < 255 - TOLERANCE)
    jump: U8 = cv2.morphologyEx(
        (alpha > 127).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)
    )
    undecided_: U8 = partial.astype(np.uint8) | jump
    return undecided_ if hidden is None else undecided_ | hidden.astype(np.uint8)


def distance_from(mask: U8) -> Field:
    """Return the distance (H, W) float32 in pixels from the nearest 1 of a mask (H, W)."""
    return cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3)


def closed(mask: U8, width: int) -> U8:
    """Close gaps narrower than `width`: painted trimaps do not show the spaces between hairs."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width | 1, width | 1))
    padded = cv2.copyMakeBorder(mask, width, width, width, width, cv2.BORDER_REPLICATE)
    result: U8 = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)[width:-width, width:-width]
    return result


def without_specks(trimap: U8, smallest_px: float) -> None:
    """Make known islands of fewer pixels unknown, in place: users paint over them."""
    for known in (FOREGROUND, BACKGROUND):
        mask = (trimap == known).astype(np.uint8)
        _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        areas = statistics[:, cv2.CC_STAT_AREA]
        areas[0] = 0
        small = areas < smallest_px
        small[[0, int(areas.argmax())]] = False  # label 0 is the rest; one island always stays
        if small.any():
            trimap[small[labels]] = UNKNOWN


def brush(rng: Rng, soft: U8, radius: float) -> U8:
    """Return strokes of a round brush along undecided pixels; some go astray."""
    painted = np.zeros_like(soft)
    rows, columns = np.nonzero(soft[::4, ::4])
    if len(rows) == 0:
        return painted
    for _ in range(int(rng.integers(5, 60))):
        at = int(rng.integers(len(rows)))
        y, x = rows[at] * 4 + rng.normal(0, radius / 2), columns[at] * 4 + rng.normal(0, radius / 2)
        to = (int(x + rng.normal(0, radius)), int(y + rng.normal(0, radius)))
        cv2.line(painted, (int(x), int(y)), to, 1, max(1, int(radius * rng.uniform(0.6, 2.0))))
    return painted


def enough_known(trimap: U8, inside: NDArray[np.bool_]) -> bool:
    """Return whether some background is known, and some foreground if it has a body."""
    pixels = trimap.size
    known_foreground = int((trimap == FOREGROUND).sum())
    known_background = int((trimap == BACKGROUND).sum())
    has_body = int(inside.sum()) > 0.04 * pixels
    return known_background > 0.02 * pixels and (known_foreground > 0.02 * pixels or not has_body)
