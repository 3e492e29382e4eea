"""The compact encoder and decoder: convolutions at large maps, prior tokens at small ones.

Without batch norm: nothing to fold, and an eighth of a training step less.  The layer norms have no
weights, whose gradients bfloat16 would lose in its sums over large maps.  Every block starts as the
identity.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.citm.config import CompactConfig
from matteplug.networks.citm.memory import CrossLayerMemory
from matteplug.networks.citm.swin import SwinStage, area_weights, swin_stages

PATCH = 4
"""Output stride of the first stage."""


class ConvBlock(nn.Module):
    """x + conv(relu(conv(relu(x)))), 3×3; starts as the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.kaiming_normal_(self.conv1.weight, nonlinearity="relu")
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W)."""
        y: Tensor = self.conv2(F.relu(self.conv1(F.relu(x)), inplace=True))
        return x + y


class CompactEncoder(nn.Module):
    """Turn the input into features at output stride 4, 8, 16 and 32.

    Args:
        config: the network's numbers.
        channels: channels of the input: normalised colours, one-hot trimap, prior channels.
        features: channels of the frozen features that join at output stride 8, 16 and 32; or none.
    """

    def __init__(self, config: CompactConfig, channels: int, features: Sequence[int]) -> None:
        super().__init__()
        widths = config.widths
        steps = [nn.Conv2d(channels, 2 * widths[0], PATCH, stride=PATCH)]  # half of it is detail
        steps += [nn.Conv2d(i, o, 3, stride=2, padding=1) for i, o in itertools.pairwise(widths)]
        self.steps = nn.ModuleList(steps)
        self.norms = nn.ModuleList(nn.LayerNorm(w, elementwise_affine=False) for w in widths)
        self.joins = nn.ModuleList(
            nn.Conv2d(i, o, 1) for i, o in zip(features, widths[1:], strict=False)
        )
        for join in cast(Iterable[nn.Conv2d], self.joins):
            nn.init.zeros_(join.weight)  # features start unheard
            nn.init.zeros_(cast(Tensor, join.bias))
        self.convolutions = nn.ModuleList(
            nn.Sequential(*(ConvBlock(width) for _ in range(count)))
            for width, count in zip(widths, config.convolutions, strict=True)
        )
        self.stages = swin_stages(config, merging=False)
        self.memory = nn.ModuleList(
            CrossLayerMemory(i, o) for i, o in itertools.pairwise(widths) if config.memory
        )

    def forward(self, x: Tensor, trimap: Tensor, features: Sequence[Tensor]) -> list[Tensor]:
        """Encode.

        Args:
            x: (B, channels, H, W), H and W multiples of 32.
            trimap: (B, 3, H, W) one-hot: background, unknown, foreground.
            features: at output stride 8, 16 and 32; empty without.

        Returns:
            Five feature maps in NCHW: the detail of the patches as embedded, then output stride 4,
            8, 16 and 32.
        """
        areas = trimap[:, (1, 0, 2), ::PATCH, ::PATCH]
        memory: Tensor | None = None
        x, detail = self.steps[0](x).chunk(2, dim=1)
        maps: list[Tensor] = [detail]
        for i, step in enumerate(self.steps):
            x = _normed(self.norms[i], step(x) if i else x)
            if i and features:
                x = x + self.joins[i - 1](features[i - 1])
            x = self.convolutions[i](x)
            tokens = x.permute(0, 2, 3, 1)  # (B, H, W, C)
            stage = cast(SwinStage, self.stages[i])
            if len(stage.blocks):
                tokens, final = stage(tokens, areas, memory)
                x = tokens.permute(0, 3, 1, 2)
            else:
                final = area_weights(areas) @ tokens.flatten(1, 2)  # (B, 3, C)
            maps.append(x)
            if self.memory and i < len(self.memory):
                old = torch.zeros_like(final) if memory is None else memory  # empty per image
                memory = self.memory[i](final, old)
            areas = areas[:, :, ::2, ::2]
        return maps


class CompactDecoder(nn.Module):
    """Merge the encoder's features, coarse to fine, and read alpha logits at three of the steps.

    The finest head works on patches, too, and puts the pixels of each into its channels.

    Args:
        config: the network's numbers.
    """

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        widths = config.widths
        self.ups = nn.ModuleList(
            nn.Conv2d(coarse, fine, 1) for fine, coarse in itertools.pairwise(widths)
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(*(ConvBlock(width) for _ in range(count)))
            for width, count in zip(widths, config.blocks, strict=False)
        )
        self.head_os8 = nn.Conv2d(widths[1], 1, 1)
        self.head_os4 = nn.Conv2d(widths[0], 1, 1)
        self.finest = ConvBlock(widths[0])
        outputs = PATCH**2 + (PATCH // 2) ** 2 * config.propagation
        self.head_os1 = nn.Conv2d(widths[0], outputs, 3, padding=1)

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Decode the encoder's maps.

        Returns:
            Alpha logits (B, 1, ·, ·) at output stride 8, 4 and 1, and the logarithm of the last
            one's data-term weight at output stride 2; no channels without propagation.
        """
        detail, *stages, y = maps
        merged = []
        for i in (2, 1, 0):
            y = self.blocks[i](_doubled(self.ups[i](y)) + stages[i])
            merged.append(y)
        logit_os8, logit_os4 = self.head_os8(F.relu(merged[1])), self.head_os4(F.relu(y))
        finest = self.head_os1(F.relu(self.finest(y + detail)))
        logit_os1 = F.pixel_shuffle(finest[:, : PATCH**2], PATCH)
        return logit_os8, logit_os4, logit_os1, F.pixel_shuffle(finest[:, PATCH**2 :], PATCH // 2)


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def _normed(norm: nn.Module, x: Tensor) -> Tensor:
    """Apply a layer norm over the channels of (B, C, H, W)."""
    normed: Tensor = norm(x.permute(0, 2, 3, 1))
    return normed.permute(0, 3, 1, 2)
