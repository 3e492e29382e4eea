"""The shared encoder: a residual network whose parameters bear torchvision's names."""

from __future__ import annotations

from torch import Tensor, nn

from matteplug.networks.hfam.config import HfamConfig


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside the identity (ResNet-18 and -34)."""

    expansion = 1

    def __init__(self, channels: int, inner: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, inner, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(channels, inner, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        joined: Tensor = self.relu(y + (x if self.downsample is None else self.downsample(x)))
        return joined


class Bottleneck(nn.Module):
    """A 3×3 convolution between two 1×1 ones, beside the identity (ResNet-50 and deeper)."""

    expansion = 4

    def __init__(self, channels: int, inner: int, stride: int) -> None:
        super().__init__()
        out = self.expansion * inner
        self.conv1 = nn.Conv2d(channels, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(channels, out, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        joined: Tensor = self.relu(y + (x if self.downsample is None else self.downsample(x)))
        return joined


class ResNet(nn.Module):
    """E0 to E4, each at half the resolution of the one before.

    Args:
        config: the network's numbers.

    Attributes:
        channels: of the five features.
        mean, std: what an image in [0, 1] is normalised with (ImageNet's).
    """

    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

    def __init__(self, config: HfamConfig) -> None:
        super().__init__()
        block: type[BasicBlock | Bottleneck] = Bottleneck if config.bottleneck else BasicBlock
        self.conv1 = nn.Conv2d(3, config.width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(config.width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        first = block.expansion * config.width
        self.channels = f = (config.width, first, 2 * first, 4 * first, 8 * first)
        depth = config.layers
        self.layer1 = stage(block, f[0], f[1], depth[0], stride=1)
        self.layer2 = stage(block, f[1], f[2], depth[1], stride=2)
        self.layer3 = stage(block, f[2], f[3], depth[2], stride=2)
        self.layer4 = stage(block, f[3], f[4], depth[3], stride=2)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the features f0 to f4 of a normalised image (B, 3, H, W), at stride 2 to 32."""
        f0 = self.relu(self.bn1(self.conv1(x)))
        f1 = self.layer1(self.maxpool(f0))
        f2 = self.layer2(f1)
        f3 = self.layer3(f2)
        return [f0, f1, f2, f3, self.layer4(f3)]


def stage(
    block: type[BasicBlock | Bottleneck], channels: int, out: int, depth: int, *, stride: int
) -> nn.Sequential:
    """Return `depth` residual blocks, the first of which takes the stride."""
    inner = out // block.expansion
    first = block(channels, inner, stride)
    return nn.Sequential(first, *(block(out, inner, stride=1) for _ in range(depth - 1)))


def projection(channels: int, out: int, stride: int) -> nn.Sequential | None:
    """Return what makes the identity fit its block's result; None where it does."""
    if channels == out and stride == 1:
        return None
    return nn.Sequential(
        nn.Conv2d(channels, out, 1, stride=stride, bias=False), nn.BatchNorm2d(out)
    )
