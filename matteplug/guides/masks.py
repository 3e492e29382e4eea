"""The values of masks: whatever convention they follow, brought to 0 to 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.images import pixels


def unit(mask: NDArray[Any]) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Return a mask's values in [0, 1], by the convention that its range gives away.

    | values | read as |
    |---|---|
    | bool, and numbers up to 1 | 0 to 1 |
    | 0, 1 and 2 | 0, 0.5 and 1 |
    | numbers up to 255 | 0 to 255 |
    | numbers up to 65535 | 0 to 65535 |

    Args:
        mask: (H, W) bool, integer or float; floats may overshoot their range by a rounding.

    Returns:
        (H, W) float32 [0, 1], and notes for the user.

    Raises:
        RequestError: it is no (H, W) array of numbers ("mask-form"), or its values are negative,
            larger or no numbers ("mask-values").
    """
    if mask.ndim != 2 or mask.size == 0 or mask.dtype.kind not in "buif":
        raise RequestError(
            "mask-form",
            f"A mask is an (H, W) array of numbers, not {mask.shape} {mask.dtype}.",
            "Give one channel.",
        )
    low, high = float(mask.min()), float(mask.max())
    floats = mask.dtype.kind == "f"
    slack = pixels.ROUNDING if floats else 0.0
    levels = high == 2 and (not floats or bool(np.isin(mask, (0, 1, 2)).all()))
    scales = (2.0,) if levels else (1.0, 255.0, 65535.0)  # 1: floats, bool, integers 0 and 1
    scale = next((scale for scale in scales if high <= scale * (1 + slack)), math.nan)
    if not low >= -slack * scale:  # also NaN
        raise RequestError(
            "mask-values",
            f"The mask's values reach from {low:g} to {high:g}.",
            "Use 0 to 255, 0 to 1 as floats, or 0, 1 and 2.",
        )
    notes: tuple[str, ...] = ()
    if mask.dtype == np.uint16 and 2 < high <= 255:
        notes = ("The 16-bit mask holds values up to 255 only and was read as 8-bit.",)
    result: NDArray[np.float32] = np.divide(mask, scale, dtype=np.float32)
    return np.clip(result, 0, 1, out=result), notes
