"""Padding inside a graph, in arithmetic that an exported graph can follow at any size."""

from __future__ import annotations

import torch
from torch import Tensor


def replicate_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column of (B, C, H, W) until both sides are multiples of `multiple`.

    Clamped indices reach beyond the picture's own size, which padding by reflection could not.
    """
    height, width = x.shape[2:]
    rows = torch.arange(_up(height, multiple), device=x.device).clamp(max=height - 1)
    columns = torch.arange(_up(width, multiple), device=x.device).clamp(max=width - 1)
    return x.index_select(2, rows).index_select(3, columns)


def _up(side: int, multiple: int) -> int:
    return multiple * ((side + multiple - 1) // multiple)
