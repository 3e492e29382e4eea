"""Atrous spatial pyramid pooling (Chen et al., DeepLabV3, 2017), in torchvision's layout."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Aspp(nn.Module):
    """The same features at five scales: 1×1, three dilations, and the whole picture's mean.

    Args:
        channels: of the input.
        out: of each scale and of the result.
        dilations: of the three 3×3 convolutions.
    """

    def __init__(self, channels: int, out: int, dilations: tuple[int, int, int]) -> None:
        super().__init__()
        self.convs = nn.ModuleList([_normed(channels, out, 1)])
        self.convs.extend(_normed(channels, out, 3, d) for d in dilations)
        self.convs.append(nn.Sequential(GlobalMean(), *_normed(channels, out, 1)))
        self.project = nn.Sequential(*_normed(5 * out, out, 1), nn.Dropout(0.5))

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, channels, H, W) to (B, out, H, W)."""
        *scales, mean = (convolution(x) for convolution in self.convs)
        scales.append(mean.expand_as(scales[0]))  # the bilinear enlargement of one value
        result: Tensor = self.project(torch.cat(scales, dim=1))
        return result


class GlobalMean(nn.Module):
    """The mean over the whole map, which exports at any size."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, 1, 1)."""
        return x.mean(dim=(2, 3), keepdim=True)


def _normed(channels: int, out: int, kernel: int, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, padding=padding, dilation=dilation, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )
