"""How far a registered plate can be trusted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matteplug.images.srgb import Array, srgb_from_linear

BLOCK_PX = 16


def judge(image: Array, plate: Array, covered: NDArray[np.bool_], *, trust_flat: bool) -> float:
    """Return how much of the picture the plate explains, 0 to 1.

    | array | shape | dtype | range |
    |---|---|---|---|
    | image, plate | (H, W, 3) | float32 | linear light, about [0, 1] |
    | covered | (H, W) | bool | where the plate covers the image |

    A block with structure is explained when image and plate correlate in it; a flat one when their
    colours agree.  Flat blocks agree by chance between unrelated pictures, so they count a quarter,
    and nothing once a strong gain or tint was needed (`trust_flat` false).
    """
    i, p = (_blocks(srgb_from_linear(np.clip(array, 0, 1)).mean(2)) for array in (image, plate))
    inside = _blocks(covered.astype(np.float32)).min(1) > 0
    i0, p0 = i - i.mean(1, keepdims=True), p - p.mean(1, keepdims=True)
    deviation_i, deviation_p = np.sqrt((i0**2).mean(1)), np.sqrt((p0**2).mean(1))
    correlation = (i0 * p0).mean(1) / (deviation_i * deviation_p + 1e-6)
    structured = np.maximum(deviation_i, deviation_p) > 0.02
    close = np.abs(i.mean(1) - p.mean(1)) < 0.04
    explained = np.where(structured, correlation > 0.75, close & trust_flat)
    weight = np.where(structured, 1.0, 0.25) * inside
    if weight.sum() == 0:
        return 0.0
    fraction = float((explained * weight).sum() / weight.sum())
    return min(1.0, fraction / 0.5)


def _blocks(gray: Array) -> Array:
    """Return (N, BLOCK_PX²) pixels of all whole blocks of an (H, W) array."""
    rows, columns = gray.shape[0] // BLOCK_PX, gray.shape[1] // BLOCK_PX
    whole = gray[: rows * BLOCK_PX, : columns * BLOCK_PX]
    blocks = whole.reshape(rows, BLOCK_PX, columns, BLOCK_PX).swapaxes(1, 2)
    return np.asarray(blocks.reshape(rows * columns, BLOCK_PX * BLOCK_PX))
