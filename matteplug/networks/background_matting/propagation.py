"""Where colours do not tell, alpha comes from where they do; then both are weighed."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.background_matting.layers import enlarged, normed
from matteplug.networks.ops.alpha_propagation import settle

ALIKE, MOST_TRUST, LEAST_TRUST, TRUST_RANGE = 0.08, 3.0, 0.01, 4.0
"""Squared distance of foreground and plate, of 12, at which the trust in an alpha is half of the
most; the most and the least before training, and by how much its logarithm may change."""
STRIDE = 4
"""Alpha settles in pixels that are so many times as large."""
WEIGHED = 2
"""How far to go to what has spread, and what to add: channels."""


class Settlement(nn.Module):
    """Lets what can be trusted of an alpha spread by the matting Laplacian, and corrects both.

    Before training, the more an alpha is trusted, the less it moves.

    Args:
        channels: of the features, and of the convolutions.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        both = 2
        self.doubt = nn.Conv2d(channels, 1, 3, padding=1)
        self.think = nn.Sequential(
            *normed(nn.Conv2d(channels + both, channels, 3, padding=1), channels),
            *normed(nn.Conv2d(channels, channels, 3, padding=1), channels),
        )
        self.weigh = nn.Conv2d(channels, 4 * WEIGHED, 3, padding=1)
        self.compare = nn.Conv2d(both, 4 * WEIGHED, 4, stride=2, padding=1, bias=False)
        self.enlarge = nn.PixelShuffle(2)
        for last in (self.doubt, self.weigh, self.compare):
            nn.init.zeros_(last.weight)
        for last in (self.doubt, self.weigh):
            nn.init.zeros_(cast(Tensor, last.bias))

    def forward(
        self, image: Tensor, alpha: Tensor, told: Tensor, features: Tensor, hint: Tensor
    ) -> Tensor:
        """Return alpha (B, 1, H, W), about [−1, 1].

        Args:
            image: (B, 3, H, W) in [−1, 1]; H and W multiples of `STRIDE`.
            alpha: (B, 1, H, W), about [−1, 1].
            told: (B, 1, H/2, W/2), how far colours tell it, see `trusted`.
            features: (B, C, H/2, W/2).
            hint: (B, `WEIGHED`, H, W), what is known before: by how much the logarithm of the odds
                of what has spread changes, and alpha.
        """
        doubt = self.doubt(features).float().clamp(-TRUST_RANGE, TRUST_RANGE)
        trust = told * doubt.exp()
        moved = settled(image, alpha, trust)
        both = torch.cat((alpha, moved), dim=1)
        x = self.think(torch.cat((features, F.avg_pool2d(both, 2)), dim=1))
        weighed = (hint + self.enlarge(self.weigh(x) + self.compare(both))).float()
        share = torch.sigmoid(weighed[:, :1] - enlarged(trust).log())
        corrected: Tensor = alpha + share * (moved - alpha) + weighed[:, 1:]
        return corrected


def trusted(plate: Tensor, foreground: Tensor) -> Tensor:
    """Return how far colours tell alpha, (B, 1, H/2, W/2): least where both look alike.

    Args:
        plate: (B, 3, H, W) in [−1, 1].
        foreground: (B, 3, H, W) in [−1, 1].
    """
    span = (foreground - plate).float().square().sum(dim=1, keepdim=True).detach()
    return F.avg_pool2d(MOST_TRUST * span / (span + ALIKE) + LEAST_TRUST, 2)


def settled(image: Tensor, alpha: Tensor, trust: Tensor) -> Tensor:
    """Return the alpha (B, 1, H, W), [−1, 1], that spreads from where it is trusted.

    Args:
        image: (B, 3, H, W) in [−1, 1].
        alpha: (B, 1, H, W) in [−1, 1].
        trust: (B, 1, H/2, W/2), positive.
    """
    everywhere, coarse = torch.ones_like(alpha), F.avg_pool2d(trust, STRIDE // 2)
    return 2 * settle((image + 1) / 2, everywhere, (alpha + 1) / 2, coarse, STRIDE) - 1
