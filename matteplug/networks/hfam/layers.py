"""Layers that several parts of HFAM are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvNormReLU(nn.Sequential):
    """A convolution that keeps the size, batch norm, ReLU."""

    def __init__(self, channels: int, out: int, kernel: int = 3, dilation: int = 1) -> None:
        padding = dilation * (kernel // 2)
        super().__init__(
            nn.Conv2d(channels, out, kernel, padding=padding, dilation=dilation, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(inplace=True),
        )
        self._exact = dilation > 1 and channels % 32 != 0

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, channels, H, W) to (B, out, H, W)."""
        if not (self._exact and self.training):
            return super().forward(x)  # type: ignore[no-any-return, no-untyped-call]
        # oneDNN's bfloat16 gradient of such a convolution's weights is wrong (torch 2.13)
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())  # type: ignore[no-any-return, no-untyped-call]


def scale(x: Tensor, factor: float) -> Tensor:
    """Resize (B, C, H, W) by a power of two."""
    if factor == 1:
        return x
    if factor < 1:
        return F.avg_pool2d(x, round(1 / factor))
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)
