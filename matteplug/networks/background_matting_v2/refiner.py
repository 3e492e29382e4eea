"""The refiner: four convolutions on patches of the picture, here over all of it (section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.background_matting_v2.coarse import Coarse
from matteplug.networks.ops.resizing import resize

PATCH_PX = 4


class PatchRefiner(nn.Module):
    """Two convolutions at half size, two at full size, none of them padded.

    A patch of 4×4 pixels sees 8×8 at half size and 8×8 at full size; beyond the picture is zero.

    Args:
        channels: of hidden features, alpha and residual together.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels + 6, 24, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(24)
        self.conv2 = nn.Conv2d(24, 16, 3, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.conv3 = nn.Conv2d(16 + 6, 12, 3, bias=False)
        self.bn3 = nn.BatchNorm2d(12)
        self.conv4 = nn.Conv2d(12, 4, 3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, image: Tensor, plate: Tensor, coarse: Coarse) -> Tensor:
        """Return alpha and residual, (B, 4, H, W), refined everywhere."""
        height, width = image.shape[2:]
        pair = torch.cat((image, plate), dim=1)
        known = torch.cat((coarse.hidden, coarse.alpha, coarse.residual), dim=1)
        x = torch.cat([resize(y, height // 2, width // 2) for y in (known, pair)], dim=1)
        x = self.relu(self.bn1(self.conv1(F.pad(x, (3, 3, 3, 3)))))
        x = self.relu(self.bn2(self.conv2(x)))  # (B, 16, H/2 + 2, W/2 + 2)
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        x = torch.cat((x, F.pad(pair, (2, 2, 2, 2))), dim=1)  # (B, 22, H + 4, W + 4)
        x = self.relu(self.bn3(self.conv3(x)))
        refined: Tensor = self.conv4(x)
        return refined
