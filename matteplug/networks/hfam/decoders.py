"""The two decoders: one for what is person and what is not, one for alpha between them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from matteplug.networks.hfam.config import HfamConfig
from matteplug.networks.hfam.layers import ConvNormReLU, scale
from matteplug.networks.hfam.mfem import Mfem

BLOCKS = 5
"""Decoder blocks D4 to D0, whose inputs lie at stride 32, 16, 8, 4 and 2."""


class UpsamplingBlock(nn.Module):
    """Three 3×3 convolutions and an up-sampling."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            ConvNormReLU(channels, out), ConvNormReLU(out, out), ConvNormReLU(out, out)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W) to (B, out, 2H, 2W)."""
        return scale(self.convolutions(x), 2)


class HfamDecoder(nn.Module):
    """Five blocks from stride 32 to full size; something is added to the input of each.

    Args:
        widths: channels of D4 to D0.
        joined: channels of what is added before D4 to D0, each brought to fit by a 1×1.
        out: channels of the result.
    """

    def __init__(self, widths: tuple[int, ...], joined: tuple[int, ...], out: int) -> None:
        super().__init__()
        inputs = (widths[0], *widths[:-1])
        self.laterals = nn.ModuleList(
            nn.Conv2d(j, i, 1) for j, i in zip(joined, inputs, strict=True)
        )
        self.blocks = nn.ModuleList(
            UpsamplingBlock(i, o) for i, o in zip(inputs, widths, strict=True)
        )
        self.head = nn.Conv2d(widths[-1], out, 3, padding=1)

    def forward(self, joined: list[Tensor]) -> Tensor:
        """Decode what is added before D4 to D0, coarse to fine, to (B, out, H, W)."""
        x: Tensor | None = None
        for tensor, lateral, block in zip(joined, self.laterals, self.blocks, strict=True):
            added = lateral(tensor)
            x = block(added if x is None else x + added)
        result: Tensor = self.head(x)
        return result


class SemanticBranch(nn.Module):
    """f2, f3 and f4, each through an MFEM, fused, decoded to three classes (section 1.1).

    Args:
        config: the network's numbers.
        features: channels of f0 to f4.
    """

    def __init__(self, config: HfamConfig, features: tuple[int, ...]) -> None:
        super().__init__()
        self.extract = nn.ModuleDict()
        for level in (2, 3, 4):
            self.extract[f"f{level}"] = (
                Mfem(features[level], config.context, config.aspp, config.dilations)
                if level in config.mfem
                else ConvNormReLU(features[level], config.context, kernel=1)
            )
        self.fuse = ConvNormReLU(config.context, config.context)
        self.decoder = HfamDecoder(config.decoder, (config.context,) * BLOCKS, out=3)

    def forward(self, features: list[Tensor]) -> Tensor:
        """Return logits (B, 3, H, W): background, unknown, foreground."""
        extracted = [m(features[int(name[1:])]) for name, m in self.extract.items()]
        fused = self.fuse(extracted[0] + scale(extracted[1], 2) + scale(extracted[2], 4))
        logits: Tensor = self.decoder([scale(fused, f) for f in (1 / 4, 1 / 2, 1, 2, 4)])
        return logits


class DetailBranch(nn.Module):
    """f0 and f1 through BB, weighed by the semantic map; skips from E0 to E4 (section 1.2).

    Args:
        config: the network's numbers.
        features: channels of f0 to f4.
    """

    def __init__(self, config: HfamConfig, features: tuple[int, ...]) -> None:
        super().__init__()
        f = features
        low = config.decoder[3]
        self.bridge = Bridge(f[0] + f[1], low, config.bridge)
        self.attention = config.attention
        self.decoder = HfamDecoder(config.decoder, (f[4], f[3], f[2], f[1], f[0] + low), out=1)

    def forward(self, features: list[Tensor], semantic: Tensor) -> Tensor:
        """Predict the alpha of the unknown area.

        Args:
            features: f0 to f4.
            semantic: (B, 3, H, W) probabilities: background, unknown, foreground.

        Returns:
            (B, 1, H, W) in [0, 1].
        """
        f0, f1, f2, f3, f4 = features
        low = self.bridge(torch.cat((f0, scale(f1, 2)), dim=1))
        if self.attention:  # keep the inside and the border, suppress the background
            low = low * (1 - scale(semantic[:, :1], 1 / 2))
        return torch.sigmoid(self.decoder([f4, f3, f2, f1, torch.cat((f0, low), dim=1)]))


class Bridge(nn.Sequential):
    """The BB module: three dilated convolutions over the low-level features.

    Args:
        channels: of the features together.
        out: of the result.
        dilated: switched off, one 1×1 convolution stands in.
    """

    def __init__(self, channels: int, out: int, dilated: bool) -> None:
        if not dilated:
            super().__init__(ConvNormReLU(channels, out, kernel=1))
            return
        super().__init__(
            ConvNormReLU(channels, out, dilation=2),
            ConvNormReLU(out, out, dilation=2),
            ConvNormReLU(out, out, dilation=2),
        )
