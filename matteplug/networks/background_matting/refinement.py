"""Alpha and foreground at full resolution, from the coarse ones, the picture and the plate.

Not in the paper, whose grid is finer; `BackgroundMattingConfig.detail` switches it on.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.background_matting.layers import normed

FAINT = 0.02
"""Squared distance of foreground and plate, of 12, below which colours say little about alpha."""


class Refinement(nn.Module):
    """Corrects alpha and foreground by what the picture, the plate and the matting equation say.

    Args:
        channels: of its convolutions, which work at half resolution.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        coarse, seen = 1 + 3, 3 + 3 + 1 + 3 + 1
        self.look = nn.Sequential(
            *normed(nn.Conv2d(seen, channels, 3, stride=2, padding=1), channels)
        )
        self.think = nn.Sequential(
            *normed(nn.Conv2d(channels + coarse, channels, 3, padding=1), channels),
            *normed(nn.Conv2d(channels, channels, 3, padding=1), channels),
            *normed(nn.Conv2d(channels, channels, 3, padding=1), channels),
        )
        self.enlarge = nn.Sequential(nn.Conv2d(channels, 2 * channels, 1), nn.PixelShuffle(2))
        self.correct = nn.Conv2d(channels // 2 + seen, coarse, 3, padding=1)

    def forward(
        self, image: Tensor, plate: Tensor, alpha: Tensor, foreground: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return alpha (B, 1, H, W) and foreground (B, 3, H, W), about [−1, 1].

        Args:
            image: (B, 3, H, W) in [−1, 1], like the rest; H and W even.
            plate: (B, 3, H, W).
            alpha: (B, 1, H/2, W/2), coarse.
            foreground: (B, 3, H/2, W/2), coarse.
        """
        coarse = torch.cat((alpha, foreground), dim=1)
        large = F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
        explained = 2 * explain(image, plate, large[:, 1:]) - 1
        seen = torch.cat((image, image - plate, large, explained), dim=1)
        x = self.think(torch.cat((self.look(seen), coarse), dim=1))
        refined = large + self.correct(torch.cat((self.enlarge(x), seen), dim=1))
        return refined[:, :1], refined[:, 1:]


def explain(image: Tensor, plate: Tensor, foreground: Tensor) -> Tensor:
    """Return the alpha (B, 1, H, W), 0 to 1, that best explains I as αF + (1 − α)B.

    By colour alone: the projection of I − B on F − B; towards 0 where F and B look alike.
    """
    image, plate, foreground = image.float(), plate.float(), foreground.float()
    span = foreground - plate
    along = ((image - plate) * span).sum(dim=1, keepdim=True)
    squared = span.square().sum(dim=1, keepdim=True)
    return (along / (squared + FAINT)).clamp(0, 1)
