"""Max pooling that remembers where the maximum was, and unpooling that puts values back there.

PyTorch's and ONNX's indices are defined differently, and windows of equal values are frequent:
after a ReLU whole windows are 0.  So the position is kept as a mask made by arithmetic, which every
runtime computes alike: 1 at the first maximum of a window in row order, as PyTorch chooses.
"""

from __future__ import annotations

import torch
from torch import Tensor


def pool(x: Tensor) -> tuple[Tensor, Tensor]:
    """Take the maximum of every 2×2 window.

    Args:
        x: (B, C, H, W); H and W even.

    Returns:
        The maxima (B, C, H/2, W/2), and the mask (B, C, H/2, W/2, 4) for `unpool`.
    """
    corners = torch.stack(
        (x[:, :, ::2, ::2], x[:, :, ::2, 1::2], x[:, :, 1::2, ::2], x[:, :, 1::2, 1::2]), dim=-1
    )  # (B, C, H/2, W/2, 4)
    maxima = corners.amax(dim=-1)
    is_maximum = (corners == maxima[..., None]).to(x.dtype)
    first = is_maximum * (is_maximum.cumsum(dim=-1) <= 1).to(x.dtype)
    return maxima, first


def unpool(x: Tensor, mask: Tensor) -> Tensor:
    """Put each value where its window's maximum was, and 0 elsewhere.

    Args:
        x: (B, C, h, w).
        mask: (B, C, h, w, 4), from `pool`.

    Returns:
        (B, C, 2h, 2w).
    """
    a, b, c, d = (x[..., None] * mask).unbind(dim=-1)
    above = torch.stack((a, b), dim=-1).flatten(-2)  # (B, C, h, 2w)
    below = torch.stack((c, d), dim=-1).flatten(-2)
    return torch.stack((above, below), dim=-2).flatten(-3, -2)
