"""The base network's decoder: four steps, each with a feature of the backbone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from matteplug.networks.ops.resizing import like


class BaseDecoder(nn.Module):
    """Enlarge to the next feature's size, join it, convolve; the last step has no norm.

    Args:
        widths: channels of the input and of the four steps.
        features: channels of the four features, the coarsest first.
    """

    def __init__(
        self, widths: tuple[int, int, int, int, int], features: tuple[int, int, int, int]
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(widths[0] + features[0], widths[1], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[1])
        self.conv2 = nn.Conv2d(widths[1] + features[1], widths[2], 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(widths[2])
        self.conv3 = nn.Conv2d(widths[2] + features[2], widths[3], 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(widths[3])
        self.conv4 = nn.Conv2d(widths[3] + features[3], widths[4], 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor, features: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        """Return (B, widths[4], H, W) at the size of the last feature."""
        x3, x2, x1, x0 = features
        x = self.relu(self.bn1(self.conv1(_joined(x, x3))))
        x = self.relu(self.bn2(self.conv2(_joined(x, x2))))
        x = self.relu(self.bn3(self.conv3(_joined(x, x1))))
        result: Tensor = self.conv4(_joined(x, x0))
        return result


def _joined(x: Tensor, feature: Tensor) -> Tensor:
    return torch.cat((like(x, feature), feature), dim=1)
