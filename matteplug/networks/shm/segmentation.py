"""T-Net: which pixels are background, unknown and foreground (section 4.1)."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.backbones.mobilenetv2 import MobileNetV2
from matteplug.networks.backbones.resnet import ResNet
from matteplug.networks.ops.pyramid_pooling import PyramidPooling
from matteplug.networks.ops.resizing import double

CLASSES = 3


class PspTNet(nn.Module):
    """A PSPNet whose features stay at 1/8.

    Args:
        layers: residual blocks of the four stages.
        width: factor of the channel counts.
        pyramid: channels of each level of the pyramid pooling.
    """

    def __init__(self, layers: tuple[int, int, int, int], width: float, pyramid: int) -> None:
        super().__init__()
        self.backbone = ResNet(layers, width=round(64 * width), output_stride=8)
        self.pyramid = PyramidPooling(
            self.backbone.channels[-1], pyramid, lambda _: [nn.ReLU(inplace=True)]
        )
        self.classify = nn.Sequential(
            nn.Conv2d(self.pyramid.channels, pyramid, 3, padding=1, bias=False),
            nn.BatchNorm2d(pyramid),
            nn.ReLU(inplace=True),
            nn.Dropout2d(0.1),
            nn.Conv2d(pyramid, CLASSES, 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits (B, 3, H, W) of a normalised image."""
        logits = self.classify(self.pyramid(self.backbone(image)[-1]))
        return F.interpolate(logits, scale_factor=8.0, mode="bilinear", align_corners=False)


class LightTNet(nn.Module):
    """A MobileNetV2 from full resolution, and a decoder that adds its features."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.backbone = MobileNetV2(width=width, last=False, stem_stride=1)
        widths = self.backbone.channels
        coarse_to_fine = (widths[4], widths[3], widths[2], widths[1], widths[0])
        self.narrow = nn.ModuleList(
            nn.Sequential(*_convolution(i, o), nn.ReLU(inplace=True))
            for i, o in pairwise(coarse_to_fine)
        )
        self.join = nn.ModuleList(nn.Sequential(*_convolution(o, o)) for o in coarse_to_fine[1:])
        self.classify = nn.Conv2d(coarse_to_fine[-1], CLASSES, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits (B, 3, H, W) of a normalised image."""
        *fine, x = self.backbone(image)  # fine: 1/1, 1/2, 1/4, 1/8
        for narrow, join, feature in zip(self.narrow, self.join, reversed(fine), strict=True):
            x = join(narrow(double(x)) + feature)
        logits: Tensor = self.classify(x)
        return logits


def _convolution(channels: int, out: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, out, 3, padding=1), nn.BatchNorm2d(out)]
