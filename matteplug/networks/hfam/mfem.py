"""The multi-scale feature extraction module (MFEM, figure 2): ASPP, SK attention, 1×1."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from matteplug.networks.hfam.layers import ConvNormReLU

REDUCTION = 4
"""How much narrower the SK attention's squeezed description is."""


class StackedAspp(nn.Module):
    """The same features at five scales: 1×1, three dilations, and the whole image's mean."""

    def __init__(self, channels: int, out: int, dilations: tuple[int, int, int]) -> None:
        super().__init__()
        self.point = ConvNormReLU(channels, out, kernel=1)
        self.pyramid = nn.ModuleList(ConvNormReLU(channels, out, dilation=d) for d in dilations)
        # without batch norm, which could not train on one value per channel and image
        self.image = nn.Sequential(nn.Conv2d(channels, out, 1), nn.ReLU(inplace=True))

    def forward(self, x: Tensor) -> Tensor:
        """Return the five scales (B, 5, out, H, W) of (B, C, H, W)."""
        mean = self.image(x.mean(dim=(2, 3), keepdim=True))
        point = self.point(x)
        scales = [point, *(layer(x) for layer in self.pyramid), mean.expand_as(point)]
        return torch.stack(scales, dim=1)


class SelectiveKernel(nn.Module):
    """Weigh the scales against each other, channel by channel (SK attention)."""

    def __init__(self, channels: int, scales: int) -> None:
        super().__init__()
        inner = max(channels // REDUCTION, 8)
        self.squeeze = nn.Sequential(nn.Linear(channels, inner), nn.ReLU(inplace=True))
        self.select = nn.Linear(inner, scales * channels)

    def forward(self, x: Tensor) -> Tensor:
        """Weigh (B, S, C, H, W); the weights of a channel's scales sum to S."""
        scales, channels = x.shape[1:3]
        described = self.squeeze(x.sum(dim=1).mean(dim=(2, 3)))
        weights = self.select(described).reshape(-1, scales, channels).softmax(dim=1)
        weighed: Tensor = x * (scales * weights)[..., None, None]
        return weighed


class Mfem(nn.Module):
    """Aggregate context of several scales.

    Args:
        channels: of the encoder's feature map.
        out: of the result.
        inner: of each scale.
        dilations: of the three dilated convolutions.
    """

    def __init__(
        self, channels: int, out: int, inner: int, dilations: tuple[int, int, int]
    ) -> None:
        super().__init__()
        self.aspp = StackedAspp(channels, inner, dilations)
        self.attention = SelectiveKernel(inner, scales=5)
        self.project = ConvNormReLU(5 * inner, out, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, channels, H, W) to (B, out, H, W)."""
        result: Tensor = self.project(self.attention(self.aspp(x)).flatten(1, 2))
        return result
