"""Residual networks (He et al., CVPR 2016): ResNet, ResNeXt, dilated or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor, nn

from matteplug.networks.ops import imagenet

Convolve: TypeAlias = Callable[..., nn.Conv2d]
Norm: TypeAlias = Callable[[int], nn.Module]

LAYERS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
"""Blocks of the four stages by the network's depth."""


class ResNet(nn.Module):
    """E0 to E4, each at half the resolution of the one before, or as dilated as that would be.

    Args:
        layers: residual blocks of each of the four stages; see `LAYERS`.
        channels: of the input.
        bottleneck: blocks of three convolutions (ResNet-50 and deeper) rather than two.
        width: channels of E0.
        output_stride: 32, 16 or 8: below it strides become dilations.
        groups, group_width: of the 3×3 convolutions; 32 and 4 make a ResNeXt 32×4d of width 64.
        convolve: makes a convolution; takes what `nn.Conv2d` takes.
        norm: makes the norm of so many channels.

    Attributes:
        channels: of the five features.
        mean, std: what an image in [0, 1] is normalised with (ImageNet's).
    """

    mean, std = imagenet.MEAN, imagenet.STD

    def __init__(
        self,
        layers: tuple[int, int, int, int],
        *,
        channels: int = 3,
        bottleneck: bool = True,
        width: int = 64,
        output_stride: int = 32,
        groups: int = 1,
        group_width: int = 64,
        convolve: Convolve = nn.Conv2d,
        norm: Norm = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        self.conv1 = convolve(channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = norm(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        expansion = 4 if bottleneck else 1
        outer, reached, dilation = width, 4, 1
        stages = []
        for number, depth in enumerate(layers):
            stride, before = (1 if number == 0 else 2), dilation
            if reached * stride > output_stride:
                dilation, stride = dilation * stride, 1
            reached *= stride
            base = width * 2**number
            inner = base * group_width * groups // 64 if bottleneck else base
            blocks: list[nn.Module] = []
            for index in range(depth):
                step = {"stride": stride if index == 0 else 1}
                step["dilation"] = before if index == 0 else dilation
                if bottleneck:
                    block: nn.Module = Bottleneck(
                        outer, inner, base * 4, convolve, norm, groups=groups, **step
                    )
                else:
                    block = BasicBlock(outer, base, convolve, norm, **step)
                blocks.append(block)
                outer = base * expansion
            stages.append(nn.Sequential(*blocks))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        first = expansion * width
        self.channels = (width, first, 2 * first, 4 * first, 8 * first)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the features f0 to f4 of a normalised image (B, C, H, W); f0 is at 1/2."""
        f0 = self.relu(self.bn1(self.conv1(x)))
        f1 = self.layer1(self.maxpool(f0))
        f2 = self.layer2(f1)
        f3 = self.layer3(f2)
        return [f0, f1, f2, f3, self.layer4(f3)]


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside the identity (ResNet-18 and -34)."""

    def __init__(
        self,
        channels: int,
        out: int,
        convolve: Convolve = nn.Conv2d,
        norm: Norm = nn.BatchNorm2d,
        *,
        stride: int = 1,
        dilation: int = 1,
    ) -> None:
        super().__init__()
        wide = {"padding": dilation, "dilation": dilation, "bias": False}
        self.conv1 = convolve(channels, out, 3, stride=stride, **wide)
        self.bn1 = norm(out)
        self.conv2 = convolve(out, out, 3, **wide)
        self.bn2 = norm(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(channels, out, stride, convolve, norm)

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        joined: Tensor = self.relu(y + (x if self.downsample is None else self.downsample(x)))
        return joined


class Bottleneck(nn.Module):
    """A 3×3 convolution between two 1×1 ones, beside the identity (ResNet-50 and deeper)."""

    def __init__(
        self,
        channels: int,
        inner: int,
        out: int,
        convolve: Convolve = nn.Conv2d,
        norm: Norm = nn.BatchNorm2d,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
    ) -> None:
        super().__init__()
        self.conv1 = convolve(channels, inner, 1, bias=False)
        self.bn1 = norm(inner)
        self.conv2 = convolve(
            inner,
            inner,
            3,
            stride=stride,
            padding=dilation,
            dilation=dilation,
            groups=groups,
            bias=False,
        )
        self.bn2 = norm(inner)
        self.conv3 = convolve(inner, out, 1, bias=False)
        self.bn3 = norm(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(channels, out, stride, convolve, norm)

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        joined: Tensor = self.relu(y + (x if self.downsample is None else self.downsample(x)))
        return joined


def projection(
    channels: int, out: int, stride: int, convolve: Convolve, norm: Norm
) -> nn.Sequential | None:
    """Return what makes the identity fit its block's result; None where it does."""
    if channels == out and stride == 1:
        return None
    return nn.Sequential(convolve(channels, out, 1, stride=stride, bias=False), norm(out))
