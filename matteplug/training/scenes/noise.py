"""Smooth random fields, which make outlines, bands and textures irregular."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[Any]
"""(H, W) or (H, W, C) float32; OpenCV's annotations do not distinguish dtypes."""
Rng = np.random.Generator
OCTAVES = 5


def fractal(
    rng: Rng, size: int, first: tuple[int, int] = (2, 6), gain: float | None = None
) -> Field:
    """Return (size, size) float32 noise stretched to [0, 1]; the first octave has 2**first cells.

    Value noise: a random grid is enlarged to twice its size and finer noise added, repeatedly, each
    octave weaker by `gain`.
    """
    gain = rng.uniform(0.35, 0.75) if gain is None else gain
    cells = 2 ** int(rng.integers(*first))
    field: Field = rng.standard_normal((cells + 3, cells + 3), dtype=np.float32)
    amplitude = 1.0
    for _ in range(OCTAVES - 1):
        cells *= 2
        if cells > size:
            break
        amplitude *= gain
        finer = rng.standard_normal((cells + 3, cells + 3), dtype=np.float32)
        enlarged = cv2.resize(field, finer.shape, interpolation=cv2.INTER_CUBIC)
        field = enlarged + finer * np.float32(amplitude)
    field = cv2.resize(field, (size, size), interpolation=cv2.INTER_CUBIC)
    low, high = float(field.min()), float(field.max())
    stretched: Field = (field - low) / max(high - low, 1e-6)
    return stretched


def smooth_steps(
    rng: Rng, count: int, at: NDArray[np.float64], spread: float
) -> NDArray[np.float64]:
    """Return normal noise of deviation `spread`: `count` knots, interpolated at `at` in [0, 1)."""
    knots = rng.normal(0.0, spread, count)
    return np.interp(at, np.linspace(0.0, 1.0, count), knots)


def log_uniform(rng: Rng, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform between those of `low` and `high`."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
