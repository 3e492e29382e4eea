"""The sRGB transfer curve (IEC 61966-2-1): encoded values and linear light."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["linear_from_srgb", "srgb_from_linear"]

Array = NDArray[np.float32]
"""Colours (H, W, 3) or gray (H, W), about [0, 1]."""

_Float = TypeVar("_Float", bound=np.floating[Any])


def linear_from_srgb(values: NDArray[_Float]) -> NDArray[_Float]:
    """Return sRGB-encoded values as linear light; the inverse of `srgb_from_linear`.

    Args:
        values: float32 or float64 of any shape, nominally [0, 1].  Values above 1 continue along
            the curve, and negative values mirror it.

    Returns:
        The same shape and dtype.
    """
    size = np.abs(values)
    curve = ((size + 0.055) / 1.055) ** 2.4
    linear = np.where(size <= 0.04045, size / 12.92, curve)
    result: NDArray[_Float] = np.copysign(linear, values)
    return result


def srgb_from_linear(values: NDArray[_Float]) -> NDArray[_Float]:
    """Return linear light as sRGB-encoded values; the inverse of `linear_from_srgb`.

    Args:
        values: float32 or float64 of any shape, nominally [0, 1].  Values above 1 continue along
            the curve, and negative values mirror it.

    Returns:
        The same shape and dtype.
    """
    size = np.abs(values)
    curve = 1.055 * size ** (1 / 2.4) - 0.055
    encoded = np.where(size <= 0.0031308, 12.92 * size, curve)
    result: NDArray[_Float] = np.copysign(encoded, values)
    return result
