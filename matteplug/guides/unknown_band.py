"""The unknown band along the edges of a selection: its width and its pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.types import Rect, Size

SMALLEST_RADIUS_PX = 2
"""Radius of the narrowest adaptive band."""
_RADIUS_PER_SIZE = 0.045
"""Band radius as a fraction of the square root of the object's area: 26 px for 500×650."""
_LARGEST_RADIUS_FRACTION = 0.025
"""Largest band radius as a fraction of the picture's longer side."""


def along_edges(
    selected: NDArray[np.bool_], radius_px: int | None
) -> tuple[NDArray[np.bool_], int]:
    """Return the band along the edge of each selected object, and its largest radius.

    Args:
        selected: (H, W) bool, some of it True and some of it False.
        radius_px: how far the band extends to both sides; None adapts it to the size and thickness
            of each object, and leaves part of each outside it.

    Returns:
        (H, W) bool, and the largest radius in pixels.
    """
    from matteplug.opencv import cv2

    largest = radius_px or round(
        max(SMALLEST_RADIUS_PX, _LARGEST_RADIUS_FRACTION * max(selected.shape))
    )
    margin_px = largest + 1  # beyond there is no band
    whole = Rect.from_size(Size.of(selected))
    near = Rect.around(selected).grown(margin_px, margin_px).intersection(whole).slices
    band, selected = np.zeros(selected.shape, bool), selected[near]
    # Outside pixels get the number of the nearest object, inside pixels that of their own.
    outside, nearest = cv2.distanceTransformWithLabels(
        (~selected).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_CCOMP
    )
    inside = depth(selected)
    objects: NDArray[np.int32] = np.asarray(nearest, np.int32)[selected]
    depths = inside[selected]
    area = np.bincount(objects)
    deepest = np.zeros(area.size, np.float32)
    np.maximum.at(deepest, objects, depths)
    if radius_px is None:
        mean_depth = np.bincount(objects, weights=depths) / np.maximum(area, 1)
        radius = np.minimum(_RADIUS_PER_SIZE * np.sqrt(area), mean_depth)
        radius = np.clip(np.rint(radius), SMALLEST_RADIUS_PX, largest)
        inner = np.minimum(radius, 0.6 * deepest)
    else:
        radius = np.full(area.size, float(radius_px))
        inner = radius
    distance = np.where(selected, inside, outside)
    candidates = distance <= largest  # the exact test, object by object, is for a few of all pixels
    limits = np.where(selected[candidates], inner[nearest[candidates]], radius[nearest[candidates]])
    candidates[candidates] = distance[candidates] <= limits
    band[near] = candidates
    return band, int(radius[1:].max())


def half_thickness(mask: NDArray[np.bool_]) -> float:
    """Return half the thickness in pixels of a mask's thicker parts; 0 for an empty mask."""
    if not mask.any():
        return 0.0
    return float(np.percentile(depth(mask)[mask], 90))


def depth(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return each pixel's distance to the nearest False one, (H, W) float32; 0 if False itself."""
    from matteplug.opencv import cv2

    distance: Any = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(distance, np.float32)
