"""sRGB and linear light (IEC 61966-2-1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
"""Colours (H, W, 3) or grey (H, W), about [0, 1]."""


def linear(encoded: Array) -> Array:
    """Return linear light of sRGB-encoded values in [0, 1] (IEC 61966-2-1)."""
    low = encoded / 12.92
    high = ((np.maximum(encoded, 0.04045) + 0.055) / 1.055) ** 2.4
    return np.asarray(np.where(encoded <= 0.04045, low, high), np.float32)


def encoded(linear: Array) -> Array:
    """Return the sRGB encoding of linear light in [0, 1]."""
    low = linear * 12.92
    high = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, low, high), np.float32)
