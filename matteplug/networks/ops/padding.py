"""Padding inside a graph, by arithmetic that exports for any size."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def replicate_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column of (B, C, H, W) until both sides are multiples of `multiple`.

    The padding may exceed the picture's size, which padding by reflection does not allow.
    """
    height, width = x.shape[2:]
    missing = (0, _up(width, multiple) - width, 0, _up(height, multiple) - height)
    return F.pad(x, missing, mode="replicate")


def _up(side: int, multiple: int) -> int:
    return multiple * ((side + multiple - 1) // multiple)
