"""Filters that several networks' graphs compute."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def box(x: Tensor, side: int) -> Tensor:
    """Return the means over windows of `side` pixels, odd, the border's windows cut off."""
    for window in ((side, 1), (1, side)):  # rows and columns apart: 2 · side sums, not side²
        pad = (window[0] // 2, window[1] // 2)
        x = F.avg_pool2d(x, window, stride=1, padding=pad, count_include_pad=False)
    return x
