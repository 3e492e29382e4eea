"""Sizes of pictures and feature maps, in arithmetic that an exported graph can follow."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def resize(x: Tensor, height: int, width: int) -> Tensor:
    """Resize (B, C, ·, ·) to (B, C, height, width): bilinear, corners not aligned, no smoothing."""
    return F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False)


def shrink(x: Tensor, height: int, width: int) -> Tensor:
    """Resize (B, C, ·, ·) to (B, C, height, width), bilinear; what gets smaller is smoothed."""
    return F.interpolate(x, size=(height, width), mode="bilinear", antialias=True)


def double(x: Tensor) -> Tensor:
    """Return (B, C, 2H, 2W), bilinear, corners not aligned."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def like(x: Tensor, other: Tensor) -> Tensor:
    """Resize (B, C, ·, ·) to the size of another map, bilinear, corners not aligned."""
    return resize(x, other.shape[2], other.shape[3])


def bounded(image: Tensor, side_px: int) -> Tensor:
    """Shrink an image whose longer side exceeds `side_px`; others stay as they are."""
    height, width = image.shape[2:]
    longest = larger(larger(height, width), side_px)
    return shrink(
        image, larger(height * side_px // longest, 1), larger(width * side_px // longest, 1)
    )


def larger(a: int, b: int) -> int:
    """Return the maximum of two sides, which may be symbols while a graph is exported."""
    return torch.sym_max(a, b)  # type: ignore[no-any-return, no-untyped-call]


def smaller(a: int, b: int) -> int:
    """Return the minimum of two sides, which may be symbols while a graph is exported."""
    return torch.sym_min(a, b)  # type: ignore[no-any-return, no-untyped-call]
