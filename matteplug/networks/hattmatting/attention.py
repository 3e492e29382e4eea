"""The two attentions: channels of the semantics, places of the appearance (section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

REDUCTION = 16
"""How much narrower the channel attention's hidden layer is."""


class ChannelAttention(nn.Module):
    """Distil pyramidal features: weigh each channel by what all their means say."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(4, channels // REDUCTION)
        self.weigh = nn.Sequential(
            nn.Linear(channels, inner),
            nn.ReLU(inplace=True),
            nn.Linear(inner, channels),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W)."""
        weights: Tensor = self.weigh(x.mean(dim=(2, 3)))
        return x * weights[:, :, None, None]


class SpatialAttention(nn.Module):
    """Where appearance counts, from the distilled features: long thin filters, both ways."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.across = nn.Sequential(*_thin(channels, inner, (1, 7)), *_thin(inner, inner, (7, 1)))
        self.down = nn.Sequential(*_thin(channels, inner, (7, 1)), *_thin(inner, inner, (1, 7)))
        self.join = nn.Conv2d(2 * inner, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map (B, 1, H, W) in [0, 1] of (B, C, H, W)."""
        logit: Tensor = self.join(torch.cat((self.across(x), self.down(x)), dim=1))
        return logit.sigmoid()


def _thin(channels: int, out: int, kernel: tuple[int, int]) -> list[nn.Module]:
    padding = (kernel[0] // 2, kernel[1] // 2)
    return [
        nn.Conv2d(channels, out, kernel, padding=padding, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    ]
