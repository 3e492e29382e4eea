"""A plate's shading: how its brightness drifts across the picture against the image's.

Corners that a lens darkens at one aperture and not at another, a lamp that moved, a slope of
daylight: the logarithm of the ratio is a polynomial of second degree in x and y.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matteplug.guides.registration.blocks import blocks
from matteplug.images.srgb import Array, srgb_from_linear
from matteplug.types import Rect, Size

Drift = NDArray[np.float64]
"""(6,) coefficients of 1, x, y, x², xy, y² for log2 of the ratio; x and y are −1 to 1."""

FEWEST = 24
"""Blocks that must agree before they say anything about a whole picture."""
LEAST, MOST = 0.03, 3.0
"""Stops between the darkest and the brightest corner that are corrected."""


def fit(image: Array, plate: Array, covered: NDArray[np.bool_]) -> Drift:
    """Fit the drift, image = plate · 2 ** drift, where the plate shows.

    | array | shape | dtype | range |
    |---|---|---|---|
    | image, plate | (H, W, 3) | float32 | linear light, about [0, 1]; exposures matched |
    | covered | (H, W) | bool | where the plate covers the image |

    Blocks whose texture is the plate's belong to the background at whatever brightness; they begin,
    and plain blocks that agree with them join in.

    Returns:
        The coefficients; all 0 where a drift would not explain the picture much better.
    """
    none = np.zeros(6)
    seen, clean = (blocks(array.mean(2)) for array in (image, plate))
    usable = (np.minimum(seen, clean) > 0.004) & (np.maximum(seen, clean) < 0.95)
    usable &= blocks(covered.astype(np.float32)) > 0
    whole = usable.mean(1) > 0.9
    if whole.sum() < FEWEST:
        return none
    ratio = np.log2(np.maximum(seen, 1e-4) / np.maximum(clean, 1e-4))[whole]
    stops = np.median(ratio, axis=1)
    tone, clean_tone = (srgb_from_linear(np.clip(array[whole], 0, 1)) for array in (seen, clean))
    deviation, clean_deviation = tone.std(1), clean_tone.std(1)
    covariance = ((tone - tone.mean(1, keepdims=True)) * clean_tone).mean(1)
    alike = covariance > 0.9 * deviation * clean_deviation
    textured = np.minimum(deviation, clean_deviation) > 0.015
    plain = np.maximum(deviation, clean_deviation) < 0.015
    if (alike & textured).sum() < FEWEST:
        return none
    terms = _terms(*_centres(Size.of(image), whole))
    keep = alike & textured
    for _ in range(8):
        drift = _solve(terms[keep], stops[keep])
        error = np.abs(stops - terms @ drift)
        limit = max(2.5 * float(np.median(error[keep])), 0.02)
        keep = (alike & textured | plain) & (error <= limit)
        if keep.sum() < FEWEST:
            return none
    even = np.abs(stops[keep] - np.median(stops[keep]))
    corners = _terms(np.array([-1.0, 1, -1, 1, 0]), np.array([-1.0, -1, 1, 1, 0])) @ drift
    explains = np.median(error[keep]) < 0.7 * np.median(even)
    return drift if explains and LEAST <= np.ptp(corners) <= MOST else none


def ratio(drift: Drift, size: Size, part: Rect) -> Array:
    """Return by what to multiply linear light in a part of a picture of `size`, (h, w, 1)."""
    x = (np.arange(part.x, part.right) + 0.5) / size.width * 2 - 1
    y = (np.arange(part.y, part.bottom) + 0.5) / size.height * 2 - 1
    one, by_x, by_y, by_xx, by_xy, by_yy = drift
    column = y[:, None]
    stops = one + by_x * x + by_xx * x**2 + column * (by_y + by_xy * x + by_yy * column)
    return np.asarray(np.exp2(stops)[..., None], np.float32)


def _centres(size: Size, whole: NDArray[np.bool_]) -> tuple[NDArray[np.float64], ...]:
    """Return x and y of the blocks that are used, −1 to 1."""
    index = blocks(np.arange(size.width * size.height).reshape(size.height, size.width))
    rows, columns = np.divmod(index[whole], size.width)
    return (
        (columns.mean(1) + 0.5) / size.width * 2 - 1,
        (rows.mean(1) + 0.5) / size.height * 2 - 1,
    )


def _terms(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _solve(terms: NDArray[np.float64], stops: NDArray[np.float64]) -> Drift:
    """Fit by least squares; a slight pull towards 0 keeps a corner without blocks from running."""
    pull = 0.001 * len(stops) * np.diag([0, 1, 1, 1, 1, 1])
    return np.asarray(np.linalg.solve(terms.T @ terms + pull, terms.T @ stops))
