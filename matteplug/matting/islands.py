"""Islands and holes of a matte: what lies apart from the subject, and gaps inside it.

A network that looks for the subject leaves scraps of the background, small and half transparent,
away from it, and pinholes in what is surely opaque.
"""

from __future__ import annotations

from collections.abc import Callable

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
        (H, W) float32 [0, 1]: 0 in what was removed, with its faint rim, and as it was elsewhere;
        the same array where nothing was removed.
    """
    pixels = _of_small_islands(alpha > VISIBLE, alpha.take, below_px)
    return _with(alpha, 0.0, pixels)


def fill_holes(alpha: Alpha, below_px: float) -> Alpha:
    """Fill the holes of an alpha, which opaque pixels enclose, that are smaller than a size.

    Args:
        alpha: (H, W) float32 [0, 1].
        below_px: holes, sums of 1 − alpha, from this on stay; in pixels.

    Returns:
        (H, W) float32 [0, 1]: 1 in what was filled, with its rim, and as it was elsewhere; the
        same array where nothing was filled.
    """
    pixels = _of_small_islands(alpha < 1 - VISIBLE, lambda at: 1 - alpha.take(at), below_px)
    return _with(alpha, 1.0, pixels)


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


def _of_small_islands(
    visible: NDArray[np.bool_],
    weights: Callable[[NDArray[np.intp]], Alpha],
    below_px: float,
) -> NDArray[np.intp]:
    """Return the pixels, as indices of the raveled picture, of small islands and of their rims.

    Outlines are found much faster than islands are numbered, and tell which are surely larger.

    Args:
        visible: (H, W), the islands.
        weights: returns what pixels count, `VISIBLE` to 1, for their indices.
        below_px: sums of weights from this on are not small.
    """
    from matteplug.opencv import cv2

    mask = visible.view(np.uint8)
    outlines, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return np.zeros(0, np.intp)
    parents = np.asarray(tree, np.intp)[
        0, :, 3
    ]  # -1 for the outside of an island, else it is a hole of that
    areas = np.array([cv2.contourArea(outline) for outline in outlines])
    least_px = areas.copy()  # outlines run through pixels' centres: an island has more
    np.subtract.at(least_px, parents[parents >= 0], areas[parents >= 0])
    doubtful = np.flatnonzero((parents < 0) & (VISIBLE * least_px < below_px))
    near = np.zeros_like(mask)
    cv2.drawContours(near, [outlines[int(one)] for one in doubtful], -1, 1, cv2.FILLED)
    near &= mask
    at: NDArray[np.intp] = np.flatnonzero(near.view(bool))
    numbered = cv2.CV_16U if len(outlines) < 1 << 16 else cv2.CV_32S  # the first is quicker
    count, numbers = cv2.connectedComponents(near, ltype=numbered)
    island = np.asarray(numbers).take(at)
    small = np.bincount(island, weights=weights(at), minlength=count) < below_px
    at = at[small[island]]
    if not at.size:
        return at
    removed = np.zeros_like(mask)
    removed.ravel()[at] = 1
    around = np.asarray(cv2.dilate(removed, np.ones((5, 5), np.uint8)), np.uint8)
    removed |= around & (1 - mask)  # the rim is fainter
    return np.flatnonzero(removed.view(bool))


def _with(alpha: Alpha, value: float, pixels: NDArray[np.intp]) -> Alpha:
    """Return an alpha that has a value at some pixels, or the same array for none."""
    if not pixels.size:
        return alpha
    result: Alpha = alpha.copy()
    result.ravel()[pixels] = value
    return result


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
