"""The network, and what training and export need to know about it."""

import torch
from torch import Tensor, nn

from matteplug.network import Guide, NetworkSpec, TensorSpec

CONFIGS = {"compact": 8, "wide": 32}
"""Number of channels by configuration."""


class Tiny(nn.Module):
    """Three convolutions over the picture and its trimap.

    | name     | shape        | range                                   |
    |----------|--------------|-----------------------------------------|
    | image    | (B, 3, H, W) | [0, 1]                                  |
    | trimap   | (B, 1, H, W) | 0 background, 0.5 unknown, 1 foreground |
    | returned | (B, 1, H, W) | [0, 1]                                  |
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(4, channels, 3, padding=1)
        self.body = nn.Conv2d(channels, channels, 3, padding=4, dilation=4)
        self.head = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, image: Tensor, trimap: Tensor) -> Tensor:
        features = torch.relu(self.stem(torch.cat([image, trimap], dim=1)))
        return torch.sigmoid(self.head(torch.relu(self.body(features))))


def build(config_name: str) -> Tiny:
    """Return an untrained network."""
    return Tiny(CONFIGS[config_name])


def multiple(config_name: str) -> int:
    """Return what the sides of the network's input must be a multiple of, pixels."""
    return 1


def export_module(model: nn.Module) -> nn.Module:
    """Return the graph that hosts run; here it is the network itself."""
    return model


def spec(config_name: str) -> NetworkSpec:
    """Return the description of that graph, without weights."""
    return NetworkSpec(
        id="tiny",
        title="Tiny (trimap)",
        guide=Guide.TRIMAP,
        inputs=(
            TensorSpec(name="image", role="image", channels=3),
            TensorSpec(name="trimap", role="trimap", channels=1),
        ),
        outputs=(TensorSpec(name="alpha", role="alpha", channels=1),),
        overlap_px=6,  # its receptive field reaches 1 + 4 + 1 pixels
    )
