"""The stacks of convolutions that make up background matting.

The paper writes C64(k7), C*128(k3), CU*64(k3): convolution, batch norm and ReLU with this many
filters of this size; * for stride 2, U for bilinear up-sampling before it.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F


class StridedEncoder(nn.Module):
    """C64(k7) – C*128(k3) – C*256(k3), reflection padding before the 7×7.

    Args:
        channels: of the input.
        widths: filters of each convolution.
    """

    def __init__(self, channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(3), *normed(nn.Conv2d(channels, widths[0], 7), widths[0])
        )
        for i, o in pairwise(widths):
            self.layers.extend(normed(nn.Conv2d(i, o, 3, stride=2, padding=1), o))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features at half resolution and at the coarsest."""
        first, second = 4, 3  # modules of the 7×7 and of each strided convolution
        half = self.layers[: first + second](x)
        return half, self.layers[first + second :](half)


class ResidualBlock(nn.Module):
    """Conv(k3) – BN – ReLU – Conv(k3) – BN, reflection padded, beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.ReflectionPad2d(1),
            *normed(nn.Conv2d(channels, channels, 3), channels),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W)."""
        result: Tensor = x + self.block(x)
        return result


def selector(channels: int, out: int) -> nn.Sequential:
    """Return C(k1) without bias, of a selector or the combiner."""
    return nn.Sequential(*normed(nn.Conv2d(channels, out, 1, bias=False), out))


def up(channels: int, out: int) -> list[nn.Module]:
    """Return the modules of CU*(k3): bilinear ×2 with aligned corners, convolution, BN, ReLU."""
    convolution = nn.Conv2d(channels, out, 3, padding=1)
    return [
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        *normed(convolution, out),
    ]


def output(channels: int, out: int) -> list[nn.Module]:
    """Return the modules of Co(k7): reflection padding and a 7×7 convolution."""
    return [nn.ReflectionPad2d(3), nn.Conv2d(channels, out, 7)]


def normed(convolution: nn.Conv2d, out: int) -> list[nn.Module]:
    """Return the convolution, batch norm and ReLU."""
    return [convolution, nn.BatchNorm2d(out), nn.ReLU(inplace=True)]


def enlarged(x: Tensor) -> Tensor:
    """Resize (B, C, H, W) to twice the size, bilinear."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
