"""How far a registered plate can be trusted, and the matte that was made with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matteplug.guides.registration.blocks import blocks
from matteplug.images.srgb import Array, srgb_from_linear
from matteplug.types import Alpha

DOUBTED = 0.2
"""Fraction of the picture that, wrongly taken for foreground, leaves no confidence."""


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
    i, p = (blocks(srgb_from_linear(np.clip(array, 0, 1)).mean(2)) for array in (image, plate))
    inside = blocks(covered.astype(np.float32)).min(1) > 0
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


def contradicted(image: Array, plate: Array, alpha: Alpha) -> float:
    """Return the fraction of the picture, 0 to 1, that shows the plate and is called foreground.

    | array | shape | dtype | range |
    |---|---|---|---|
    | image, plate | (H, W, 3) | float32 | sRGB-encoded, [0, 1]; registered, exposures matched |
    | alpha | (H, W) | float32 | [0, 1] |

    A block shows the plate if it has the plate's texture, or if both are plain and differ little.
    """
    i, p = (blocks(array.mean(2)) for array in (image, plate))
    a = blocks(alpha).mean(1)
    if not a.size:
        return 0.0
    i0, p0 = i - i.mean(1, keepdims=True), p - p.mean(1, keepdims=True)
    deviation_i, deviation_p = i.std(1), p.std(1)
    textured = np.minimum(deviation_i, deviation_p) > 0.02
    alike = (i0 * p0).mean(1) > 0.9 * deviation_i * deviation_p
    apart = np.abs(np.stack([blocks(d).mean(1) for d in (image - plate).transpose(2, 0, 1)]))
    plain = (np.maximum(deviation_i, deviation_p) < 0.02) & (apart.max(0) < 0.12)
    return float((a * ((textured & alike) | plain)).mean())
