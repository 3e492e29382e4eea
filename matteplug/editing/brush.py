"""What is painted over a picture: by a brush's way, or by a brush of the host's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.types import BACKGROUND, FOREGROUND, UNKNOWN, Rect, Trimap

__all__ = ["Painted", "Stroke", "within"]

LARGEST_RADIUS_PX = 2000
_FAR_PX = 1 << 24
"""Points lie nearer to the origin; floats are exact there."""


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """A brush's way over the picture.

    Attributes:
        what: FOREGROUND or BACKGROUND, which are then known; or UNKNOWN: look again here.
        radius_px: the brush's radius, in the picture's pixels.
        points: (x, y) in the picture's pixels, one at least; straight lines run between them.

    Raises:
        RequestError: one of them is none of these.
    """

    what: int
    radius_px: float
    points: Sequence[tuple[float, float]]

    def __post_init__(self) -> None:
        """Check the fields."""
        if self.what not in (FOREGROUND, BACKGROUND, UNKNOWN):
            raise RequestError("stroke-form", f"A stroke paints 0, 128 or 255, not {self.what}.")
        if not 0.5 <= self.radius_px <= LARGEST_RADIUS_PX:
            raise RequestError(
                "stroke-form",
                f"A brush of {self.radius_px:g} pixels is not possible.",
                f"Its radius is 0.5 to {LARGEST_RADIUS_PX} pixels.",
            )
        points = np.asarray(self.points, float)
        if points.ndim != 2 or points.shape[1] != 2 or not (np.abs(points) < _FAR_PX).all():
            raise RequestError("stroke-form", "A stroke needs points, which are pairs of numbers.")

    @property
    def rect(self) -> Rect:
        """Return the smallest rectangle around what is painted, beyond the picture too."""
        xy = np.asarray(self.points, float)
        left, top = np.floor(xy.min(0) - self.radius_px).astype(int)
        right, bottom = np.ceil(xy.max(0) + self.radius_px).astype(int) + 1
        return Rect(int(left), int(top), int(right - left), int(bottom - top))

    def masks(self, rect: Rect) -> list[tuple[int, NDArray[np.bool_]]]:
        """Return what is painted and which pixels of `rect` that is, (H, W)."""
        from matteplug.opencv import cv2

        line = np.ones((rect.height, rect.width), np.uint8)
        points = np.rint(np.asarray(self.points, float) - (rect.x, rect.y)).astype(np.int32)
        cv2.polylines(line, [np.vstack([points[:1], points])[:, None]], False, 0)
        distance = cv2.distanceTransform(line, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return [(self.what, np.asarray(distance <= self.radius_px))]


@dataclass(frozen=True, kw_only=True)
class Painted:
    """A part of a layer that a host's own brush paints over the picture.

    Attributes:
        rect: where it lies in the picture.
        trimap: (H, W) uint8, what is painted: BACKGROUND, FOREGROUND or UNKNOWN.
        painted: (H, W) bool, where; elsewhere in `rect` it is taken back.
    """

    rect: Rect
    trimap: Trimap
    painted: NDArray[np.bool_]

    @property
    def radius_px(self) -> float:
        """Return half of the width of what is painted, at its widest."""
        from matteplug.opencv import cv2

        inside = np.pad(self.painted, 1).astype(np.uint8)
        return float(cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max())

    def masks(self, rect: Rect) -> list[tuple[int, NDArray[np.bool_]]]:
        """Return what is painted and which pixels of `rect` that is, (H, W) each."""
        here = self.rect.intersection(rect)
        masks = []
        for what in (BACKGROUND, FOREGROUND, UNKNOWN):
            mask = np.zeros((rect.height, rect.width), bool)
            every = self.painted & (self.trimap == what)
            mask[here.relative_to(rect).slices] = every[here.relative_to(self.rect).slices]
            masks.append((what, mask))
        return masks


def within(mask: NDArray[np.bool_], distance_px: float) -> NDArray[np.bool_]:
    """Return the pixels that are no further than `distance_px` from a mask's, (H, W)."""
    from matteplug.opencv import cv2

    if not mask.any():
        return mask
    outside = (~mask).astype(np.uint8)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance <= distance_px)
