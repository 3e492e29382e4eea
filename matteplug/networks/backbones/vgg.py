"""VGG-16's convolutions with pooling that is undone by a decoder (SegNet's scheme)."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from matteplug.networks.ops.unpooling import pool, unpool

DEPTHS = (2, 2, 3, 3, 3)
"""Convolutions of each group; 13 in all."""
WIDTHS = (64, 128, 256, 512, 512)


class VggEncoder(nn.Module):
    """Five groups of 3×3 convolutions with bias and ReLU, a 2×2 max pool after each.

    Args:
        channels: of the input.
        widths: channels of each group.
        batch_norm: put batch norm before each ReLU.
        pools: how many groups are followed by a pool.
    """

    def __init__(
        self,
        channels: int,
        widths: tuple[int, ...] = WIDTHS,
        *,
        batch_norm: bool = False,
        pools: int = 5,
    ) -> None:
        super().__init__()
        self.pools = pools
        self.groups = nn.ModuleList()
        for (inner, out), depth in zip(pairwise((channels, *widths)), DEPTHS, strict=True):
            layers = convolution(inner, out, 3, batch_norm)
            for _ in range(depth - 1):
                layers += convolution(out, out, 3, batch_norm)
            self.groups.append(nn.Sequential(*layers))

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the deepest features of (B, C, H, W), and a mask for each pool.

        H and W are multiples of 2 to the power of `pools`.
        """
        masks = []
        for number, group in enumerate(self.groups):
            x = group(x)
            if number < self.pools:
                x, mask = pool(x)
                masks.append(mask)
        return x, masks


class UnpoolingDecoder(nn.Module):
    """A stage before each unpooling, from the deepest mask to the first.

    Args:
        stages: as many as there are masks; each gives its mask's number of channels.
    """

    def __init__(self, stages: list[nn.Module]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor, masks: list[Tensor]) -> Tensor:
        """Bring the deepest features back to the size of the encoder's input."""
        for stage, mask in zip(self.stages, reversed(masks), strict=True):
            x = unpool(stage(x), mask)
        return x


def convolution(channels: int, out: int, kernel: int, batch_norm: bool = False) -> list[nn.Module]:
    """Return a convolution with bias that keeps the size, batch norm if wanted, and ReLU."""
    layers: list[nn.Module] = [nn.Conv2d(channels, out, kernel, padding=kernel // 2)]
    if batch_norm:
        layers.append(nn.BatchNorm2d(out))
    return [*layers, nn.ReLU(inplace=True)]
