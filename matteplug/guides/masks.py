"""The values of masks, whatever convention they follow, as 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.guides import levels
from matteplug.images import pixels

_OVERSHOOT = 0.25
"""Fraction of its range that a mask may lie beyond it: resizing with a cubic or Lanczos kernel
makes 10 to 20 per cent."""
_FAINT = 1 / 16
"""A mask whose largest value is a smaller fraction of the next range leaves its scale in doubt."""


def unit(mask: NDArray[Any]) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Return a mask's values in [0, 1], by the convention that its range and histogram give away.

    | values | read as |
    |---|---|
    | bool, and numbers up to 1 | 0 to 1 |
    | 0, 1 and 2 | 0, 0.5 and 1 |
    | numbers up to 255 | 0 to 255 |
    | numbers up to 65535 | 0 to 65535 |

    What resizing adds beyond a range is clipped.  Then the levels that stand for black and white
    become 0 and 1; see `levels`.

    Args:
        mask: (H, W) bool, integer or float.

    Returns:
        (H, W) float32 [0, 1], and notes for the user.

    Raises:
        RequestError: it is not an (H, W) array of numbers ("mask-form"), or its values are NaN,
            negative, too large, or leave their scale in doubt ("mask-values").
    """
    if mask.ndim != 2 or mask.size == 0 or mask.dtype.kind not in "buif":
        raise RequestError(
            "mask-form",
            f"A mask is an (H, W) array of numbers, not {mask.shape} {mask.dtype}.",
            "Give one channel.",
        )
    low, high = float(mask.min()), float(mask.max())
    scale = _scale(mask, high)
    overshoot = max(-low, high - scale) / scale if scale else np.nan
    resized = high > 0 and (mask.dtype.kind == "f" or scale == 255)
    if not overshoot <= (_OVERSHOOT if resized else pixels.ROUNDING * (mask.dtype.kind == "f")):
        raise RequestError(
            "mask-values",
            f"The mask's values reach from {low:g} to {high:g}, so their scale is not clear.",
            "Use 0 to 255, 0 to 1 as floats, or 0, 1 and 2.",
        )
    notes: tuple[str, ...] = ()
    if overshoot > pixels.ROUNDING:
        notes += (f"The mask's values from {low:g} to {high:g} were clipped to 0 to {scale:g}.",)
    if mask.dtype == np.uint16 and 2 < high <= 255:
        notes += ("The 16-bit mask holds values up to 255 only and was read as 8-bit.",)
    result: NDArray[np.float32] = np.divide(mask, scale, dtype=np.float32)
    result, stretching = levels.stretched(np.clip(result, 0, 1, out=result))
    return result, notes + stretching


def _scale(mask: NDArray[Any], high: float) -> float:
    """Return the value that stands for 1; 0 where nothing tells."""
    if high == 2 and bool(np.isin(mask, (0, 1, 2)).all()):
        return 2.0
    if mask.dtype in (np.uint8, np.uint16) and 1 < high <= 255:
        return 255.0
    slack = 1 + _OVERSHOOT * (mask.dtype != np.uint16)
    scale = next((scale for scale in (1.0, 255.0, 65535.0) if high <= scale * slack), 0.0)
    return scale if scale == 1 or high >= _FAINT * scale else 0.0
