"""Pictures at other sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.types import Size

__all__ = ["resized", "scaled_size"]


def resized(array: NDArray[Any], size: Size) -> NDArray[Any]:
    """Return an (H, W[, C]) array at another size: averages where it shrinks, else interpolated.

    Args:
        array: uint8, uint16 or float32; returned as it is if it has that size.
        size: 1 px or more each way.
    """
    from matteplug.opencv import cv2

    old = Size.of(array)
    if size == old:
        return array
    shrinks = size.width <= old.width and size.height <= old.height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(array, size, interpolation=how))


def scaled_size(size: Size, scale: float) -> Size:
    """Return a size times `scale`, rounded, 1 px each way at least."""
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))
