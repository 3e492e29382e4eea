"""Which pattern an unknown area has: score maps for the semantic trimap (section 3.2)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from matteplug.networks.backbones.resnet import LAYERS, ResNet
from matteplug.networks.ops.resizing import like
from matteplug.networks.sim.config import PATTERNS


class PatternClassifier(nn.Module):
    """A ResNet-18 on picture and trimap, or on patches of alpha for the losses.

    Args:
        channels: of the input: 4 for picture and trimap, 1 for alpha.
        width: channels of its first convolution.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.backbone = ResNet(LAYERS[18], channels=channels, bottleneck=False, width=width)
        self.classify = nn.Linear(self.backbone.channels[-1], len(PATTERNS))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (B, 20) of whole patches (B, channels, H, W)."""
        return cast(Tensor, self.classify(self.features(x).mean(dim=(2, 3))))

    def features(self, x: Tensor) -> Tensor:
        """Return the last feature map."""
        return cast(Tensor, self.backbone(x)[-1])

    def scores(self, x: Tensor, unknown: Tensor) -> Tensor:
        """Return how likely each pattern is, (B, 20, H, W) in [0, 1], 0 outside the unknown area.

        The linear layer is applied at every position of the last feature map, so that labels of
        patches are enough to train it.

        Decided: on the whole picture at once rather than on overlapping windows, which gives about
        the same and exports.
        """
        features = self.features(x)
        weight = self.classify.weight[:, :, None, None]
        logits = nn.functional.conv2d(features, weight, self.classify.bias)
        return like(torch.softmax(logits, dim=1), x) * unknown
