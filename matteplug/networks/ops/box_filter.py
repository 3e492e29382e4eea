"""The box filter, as graphs of several networks compute it."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def box(x: Tensor, side: int) -> Tensor:
    """Return the means of (B, C, H, W) over windows of `side` (odd), cropped at the borders."""
    for window in ((side, 1), (1, side)):  # rows and columns apart: 2 · side sums, not side²
        pad = (window[0] // 2, window[1] // 2)
        x = F.avg_pool2d(x, window, stride=1, padding=pad, count_include_pad=False)
    return x
