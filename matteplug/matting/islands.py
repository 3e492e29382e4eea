"""Islands and holes of a matte: what lies apart from the subject, and gaps inside it.

A network that looks for the subject leaves scraps of the background, small and half transparent,
away from it, and pinholes in what is surely opaque.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matteplug.types import Alpha

__all__ = ["fill_holes", "remove_islands", "without_scraps"]

VISIBLE = 0.02
"""Alpha from which on pixels that touch belong to one island."""
SPECK, SCRAP = 0.005, 0.3
"""Fractions of the largest island: smaller islands go; up to the second, those that are unsure."""
SURE = 0.97
"""Alpha that a twentieth of an island reaches, if it is not to be unsure."""
PINHOLE = 0.002
"""Fraction of the largest island up to which a hole is filled."""


def remove_islands(alpha: Alpha, below_px: float) -> Alpha:
    """Remove the connected parts of an alpha that are smaller than a size.

    Args:
        alpha: (H, W) float32 [0, 1].
        below_px: areas, sums of alpha, from this on stay; in pixels.

    Returns:
        (H, W) float32 [0, 1]: 0 in what was removed and as it was elsewhere; the same array where
        nothing was removed.
    """
    numbers, areas = _islands(alpha)
    return _without(alpha, numbers, areas < below_px)


def fill_holes(alpha: Alpha, below_px: float) -> Alpha:
    """Fill the holes of an alpha, which opaque pixels enclose, that are smaller than a size.

    Args:
        alpha: (H, W) float32 [0, 1].
        below_px: holes, sums of 1 − alpha, from this on stay; in pixels.

    Returns:
        (H, W) float32 [0, 1]: 1 in what was filled and as it was elsewhere; the same array where
        nothing was filled.
    """
    clear = 1 - alpha
    filled = remove_islands(clear, below_px)
    return alpha if filled is clear else np.where(filled < clear, np.float32(1), alpha)


def without_scraps(alpha: Alpha) -> Alpha:
    """Remove what does not belong to the subject, and pinholes, from a matte made without a guide.

    The largest island is the subject.  Others stay if they are large beside it, or sure: further
    people, a thrown ball, a loose strand.

    Args:
        alpha: (H, W) float32 [0, 1].

    Returns:
        (H, W) float32 [0, 1]; the same array where there is nothing to remove.
    """
    numbers, areas = _islands(alpha)
    if not areas.size:
        return alpha
    fractions = areas / areas.max()
    unsure = fractions < SCRAP
    for island in np.flatnonzero(unsure & (fractions >= SPECK)):
        inside = alpha[numbers == island + 1]
        unsure[island] = np.quantile(inside, 0.95) < SURE
    return fill_holes(_without(alpha, numbers, unsure), PINHOLE * float(areas.max()))


def _islands(alpha: Alpha) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the islands' numbers (H, W), 0 for none, and the areas of 1, 2, …."""
    from matteplug.opencv import cv2

    count, numbers = cv2.connectedComponents((alpha > VISIBLE).view(np.uint8))
    areas = np.bincount(numbers.ravel(), weights=alpha.ravel(), minlength=count)[1:]
    return np.asarray(numbers, np.int32), np.asarray(areas, np.float64)


def _without(alpha: Alpha, numbers: NDArray[np.int32], removed: NDArray[np.bool_]) -> Alpha:
    if not removed.any():
        return alpha
    return np.where(np.append(False, removed)[numbers], np.float32(0), alpha)
