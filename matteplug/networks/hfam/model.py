"""HFAM: one encoder, a semantic and a detail branch, and their fusion (figure 1)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from matteplug.networks.backbones.efficientnet_lite import EfficientNetLite
from matteplug.networks.backbones.resnet import ResNet
from matteplug.networks.hfam.config import HfamConfig
from matteplug.networks.hfam.decoders import DetailBranch, SemanticBranch

MULTIPLE = 32
MARGIN = 0.2
"""Two classes this close are blended: a steep choice shows the last bits of a float."""


class HfamOutput(NamedTuple):
    """What the losses act on; (B, ·, H, W) each.

    Attributes:
        semantic: three logits: background, unknown, foreground (equation 1).
        detail: alpha [0, 1], meant for the unknown area (equation 2).
        alpha: both fused, [0, 1] (equations 4 to 6).
    """

    semantic: Tensor
    detail: Tensor
    alpha: Tensor


class Hfam(nn.Module):
    """Picture in, alpha out.

    Args:
        config: the network's numbers; `config.PAPER` or `config.COMPACT`.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: HfamConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder: ResNet | EfficientNetLite
        if config.encoder == "resnet":
            self.encoder = ResNet(config.layers, bottleneck=config.bottleneck, width=config.width)
        else:
            self.encoder = EfficientNetLite(config.encoder)
        self.semantic = SemanticBranch(config, self.encoder.channels)
        self.detail = DetailBranch(config, self.encoder.channels)
        for name in ("mean", "std"):
            values = torch.tensor(getattr(self.encoder, name)).view(3, 1, 1)
            self.register_buffer(name, values, persistent=False)

    def forward(self, image: Tensor) -> HfamOutput:
        """Compute both branches and their fusion.

        Args:
            image: (B, 3, H, W) float in [0, 1]; H and W multiples of 32.
        """
        features = self.encode(image)
        logits = self.semantic(features).float()
        probabilities = logits.softmax(dim=1)
        detail = self.detail(features, probabilities).float()
        return HfamOutput(logits, detail, fuse(probabilities, detail))

    def encode(self, image: Tensor) -> list[Tensor]:
        """Return the features f0 to f4 of an image as for `forward`."""
        normalised = (image - self.mean) / self.std
        features: list[Tensor] = self.encoder(normalised)
        return features


def fuse(probabilities: Tensor, detail: Tensor) -> Tensor:
    """Trust the semantic map where it is certain, the detail elsewhere (equation 3).

    Args:
        probabilities: (B, 3, H, W): background, unknown, foreground.
        detail: (B, 1, H, W) alpha.

    Returns:
        (B, 1, H, W) alpha, exactly 0 and 1 where the class is background and foreground by more
        than MARGIN.
    """
    background, unknown, foreground = probabilities.chunk(3, dim=1)
    certain = _step(torch.maximum(background, foreground) - unknown)
    semantic = _step(foreground - background)
    return certain * semantic + (1 - certain) * detail


def _step(difference: Tensor) -> Tensor:
    """Return 0 below −MARGIN, 1 above MARGIN."""
    return (0.5 + difference / (2 * MARGIN)).clamp(0, 1)
