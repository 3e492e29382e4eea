"""Filters that several networks' graphs compute."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def box(x: Tensor, side: int) -> Tensor:
    """Return the means over windows of `side` pixels, odd, the border's windows cut off."""
    return F.avg_pool2d(x, side, stride=1, padding=side // 2, count_include_pad=False)
