"""HAttMatting: distilled semantics, filtered appearance, and alpha from both (figure 2)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.backbones.resnet import ResNet
from matteplug.networks.hattmatting.attention import ChannelAttention, SpatialAttention
from matteplug.networks.hattmatting.config import HattConfig
from matteplug.networks.ops.aspp import Aspp
from matteplug.networks.ops.imagenet import normalise
from matteplug.networks.ops.resizing import double

MULTIPLE = 16


class HattMatting(nn.Module):
    """Picture in, alpha of its foreground object out.

    Args:
        config: the network's numbers; `config.PAPER` or `config.COMPACT`.
    """

    def __init__(self, config: HattConfig) -> None:
        super().__init__()
        self.config = config
        context, half, quarter = config.context, config.context // 8, 3 * config.context // 16
        self.backbone = ResNet(
            config.layers,
            width=config.width,
            output_stride=16,
            groups=config.groups,
            group_width=config.group_width,
        )
        f0, f1, _, _, f4 = self.backbone.channels
        self.aspp = Aspp(f4, context, config.dilations)
        self.distil = ChannelAttention(context)
        self.appearance4 = normed(f1, quarter, 1)
        self.appearance2 = normed(f0, half, 1)
        self.filter = SpatialAttention(context, context // 4)
        self.join4 = nn.Sequential(normed(context + quarter, context), normed(context, context))
        self.join2 = nn.Sequential(normed(context + half, context // 4), normed(context // 4, half))
        self.predict = nn.Conv2d(half, 1, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """Compute the matte.

        Args:
            image: (B, 3, H, W) float in [0, 1]; H and W multiples of 16.

        Returns:
            Alpha (B, 1, H, W) float32 in [0, 1].

        Raises:
            ValueError: a side is not a multiple of 16.
        """
        height, width = image.shape[2:]
        if not torch.compiler.is_exporting() and (height % MULTIPLE or width % MULTIPLE):
            raise ValueError(f"sides must be multiples of {MULTIPLE}, not {height}×{width}")
        f0, f1, _, _, f4 = self.backbone(normalise(image))
        semantics = self.distil(_quadruple(self.aspp(f4)))  # 1/16 to 1/4
        place = self.filter(semantics)
        x = self.join4(torch.cat((semantics, place * self.appearance4(f1)), dim=1))
        fine = double(place) * self.appearance2(f0)
        x = self.join2(torch.cat((double(x), fine), dim=1))
        logit = cast(Tensor, self.predict(double(x)))
        return logit.float().sigmoid()


def normed(channels: int, out: int, kernel: int = 3) -> nn.Sequential:
    """Return a convolution that keeps the size, batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )


def _quadruple(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=4.0, mode="bilinear", align_corners=False)
