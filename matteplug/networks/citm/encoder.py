"""The encoder: Swin stages with prior tokens, the memory between them, and the shortcuts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.citm.attention import KINDS
from matteplug.networks.citm.config import CitmConfig
from matteplug.networks.citm.memory import CrossLayerMemory
from matteplug.networks.citm.spectral import spectral
from matteplug.networks.citm.swin import PatchEmbedding, SwinStage, swin_stages


class SwinEncoder(nn.Module):
    """Turn the input into features at output stride 1, 2, 4, 8, 16 and 32.

    Args:
        config: the network's numbers.
        channels: channels of the input: normalised colours, one-hot trimap, further features.
    """

    def __init__(self, config: CitmConfig, channels: int) -> None:
        super().__init__()
        widths = config.widths
        self.patch_embed = PatchEmbedding(channels, config.embed)
        self.stages = swin_stages(config, merging=True)
        self.memory = nn.ModuleList(
            CrossLayerMemory(w, 2 * w) for w in widths[:-1] if config.memory
        )
        for i, width in enumerate(widths):
            self.add_module(f"norm{i}", nn.LayerNorm(width))
        self.detail = config.detail
        inputs = (channels * config.detail**2, config.embed, *widths)
        self.shortcuts = nn.ModuleList(
            shortcut(i, o, config.spectral_norm)
            for i, o in zip(inputs, config.shortcuts, strict=True)
        )

    def forward(self, x: Tensor, trimap: Tensor) -> list[Tensor]:
        """Encode.

        Args:
            x: (B, channels, H, W), H and W multiples of 32.
            trimap: (B, 3, H, W) one-hot: background, unknown, foreground.

        Returns:
            Six feature maps in NCHW, finest first.
        """
        embedded = self.patch_embed(x)
        upsampled = F.interpolate(
            embedded.permute(0, 3, 1, 2), scale_factor=2.0, mode="bilinear", align_corners=True
        )
        fine = _pixels_apart(x, self.detail)
        maps = [fine, upsampled, *self._stages(embedded, trimap[:, (1, 0, 2)])]
        return [layer(m) for layer, m in zip(self.shortcuts, maps, strict=True)]

    def _stages(self, x: Tensor, trimap: Tensor) -> list[Tensor]:
        trimap = trimap[:, :, ::4, ::4]
        memory = x.new_zeros(x.shape[0], KINDS, x.shape[3])  # empty for every image
        maps: list[Tensor] = []
        for i, stage in enumerate(cast(Iterable[SwinStage], self.stages)):
            x, final = stage(x, trimap, memory if i and self.memory else None)
            normed: Tensor = self.get_submodule(f"norm{i}")(x)
            maps.append(normed.permute(0, 3, 1, 2))
            if stage.downsample is None:
                break
            x, trimap = stage.downsample(x), trimap[:, :, ::2, ::2]
            if self.memory:
                memory = self.memory[i](final, memory)
        return maps


def _pixels_apart(x: Tensor, factor: int) -> Tensor:
    """Return `pixel_unshuffle` of (B, C, H, W).

    By a convolution, because ONNX Runtime takes seven times as long to transpose six axes.
    """
    channels, pixels = x.shape[1], factor * factor
    kernel = torch.eye(pixels, dtype=x.dtype, device=x.device).view(pixels, 1, factor, factor)
    return F.conv2d(x, kernel.repeat(channels, 1, 1, 1), stride=factor, groups=channels)


def shortcut(channels: int, out: int, spectral_norm: bool) -> nn.Sequential:
    """Return a shortcut layer: convolution, ReLU, batch norm, twice."""
    layers: list[nn.Module] = []
    for i in (channels, out):
        convolution = spectral(nn.Conv2d(i, out, 3, padding=1, bias=False), spectral_norm)
        layers += [convolution, nn.ReLU(inplace=True), nn.BatchNorm2d(out)]
    return nn.Sequential(*layers)
