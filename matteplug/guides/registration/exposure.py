"""A plate's exposure: gain and offset per channel, fitted in linear light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matteplug.images.srgb import Array


def fit(
    image: Array, plate: Array, covered: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit image = gain · plate + offset per channel by trimmed least squares.

    | array | shape | dtype | range |
    |---|---|---|---|
    | image, plate | (H, W, 3) | float32 | linear light, about [0, 1] |
    | covered | (H, W) | bool | where the plate covers the image |
    | gain, offset | (3,) | float64 | |
    """
    usable = covered & ((image > 0.002) & (image < 0.98) & (plate > 0.002) & (plate < 0.98)).all(2)
    if usable.sum() < 64:
        return np.ones(3), np.zeros(3)
    every = max(1, int(usable.sum()) // 40_000)
    seen, clean = (array[usable][::every].astype(np.float64) for array in (image, plate))
    gain, offset = np.median(seen / clean, axis=0), np.zeros(3)
    for _ in range(8):
        worst = (np.abs(seen - (clean * gain + offset)) / (0.02 + seen)).max(1)
        keep = worst <= max(np.quantile(worst, 0.4) * 1.5, 0.01)
        for c in range(3):
            gain[c], offset[c] = _line(clean[keep, c], seen[keep, c])
    return gain, offset


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Fit y = gain · x + offset with errors relative to y; the offset only if it helps much."""
    weight = 1 / (0.02 + y) ** 2
    mean_x, mean_y = np.average(x, weights=weight), np.average(y, weights=weight)
    proportional = float(np.average(x * y, weights=weight) / np.average(x * x, weights=weight))
    variance = np.average((x - mean_x) ** 2, weights=weight)
    slope = float(np.average((x - mean_x) * (y - mean_y), weights=weight) / (variance + 1e-12))
    offset = float(mean_y - slope * mean_x)
    with_offset = np.average((y - slope * x - offset) ** 2, weights=weight)
    without = np.average((y - proportional * x) ** 2, weights=weight)
    # noise alone makes a free line fit a little better; black level and flare make it far better
    if with_offset > 0.8 * without or abs(offset) > 0.1 or slope <= 0:
        return proportional, 0.0
    return slope, offset
