"""Alpha where colours do not determine it: propagated from where they do, then blended."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.background_matting.layers import enlarged, normed
from matteplug.networks.ops.alpha_propagation import propagate_alpha

HALF_CONTRAST = 0.08
"""Squared distance of foreground and plate, of 12, at which the data-term weight is half of
`MOST_WEIGHT`."""
MOST_WEIGHT, LEAST_WEIGHT = 3.0, 0.01
"""Data-term weight before training, at most and at least."""
LOG_WEIGHT_RANGE = 4.0
"""By how much the network may change the logarithm of that weight, either way."""
STRIDE = 4
"""Alpha is propagated in pixels that are this many times as large."""
BLENDING = 2
"""Channels of a blend head: the logit of the propagated alpha's weight, and a correction."""


class AlphaPropagation(nn.Module):
    """Propagates the reliable part of an alpha by the matting Laplacian and blends both.

    Before training, the larger the data-term weight of a pixel, the less its alpha moves.

    Args:
        channels: of the features, and of the convolutions.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        alphas = 2
        self.data_weight_head = nn.Conv2d(channels, 1, 3, padding=1)
        self.body = nn.Sequential(
            *normed(nn.Conv2d(channels + alphas, channels, 3, padding=1), channels),
            *normed(nn.Conv2d(channels, channels, 3, padding=1), channels),
        )
        self.feature_blend_head = nn.Conv2d(channels, 4 * BLENDING, 3, padding=1)
        self.alpha_blend_head = nn.Conv2d(alphas, 4 * BLENDING, 4, stride=2, padding=1, bias=False)
        self.pixel_shuffle = nn.PixelShuffle(2)
        for head in (self.data_weight_head, self.feature_blend_head, self.alpha_blend_head):
            nn.init.zeros_(head.weight)
        for head in (self.data_weight_head, self.feature_blend_head):
            nn.init.zeros_(cast(Tensor, head.bias))

    def forward(
        self,
        image: Tensor,
        alpha: Tensor,
        colour_weight: Tensor,
        features: Tensor,
        blending: Tensor,
    ) -> Tensor:
        """Return alpha (B, 1, H, W), about [−1, 1].

        Args:
            image: (B, 3, H, W) in [−1, 1]; H and W multiples of `STRIDE`.
            alpha: (B, 1, H, W), about [−1, 1].
            colour_weight: (B, 1, H/2, W/2), see `colour_data_weight`.
            features: (B, C, H/2, W/2).
            blending: (B, `BLENDING`, H, W), added to what the blend heads say: the logit of the
                propagated alpha's weight, and a correction of alpha.
        """
        log_weight = self.data_weight_head(features).float()
        data_weight = colour_weight * log_weight.clamp(-LOG_WEIGHT_RANGE, LOG_WEIGHT_RANGE).exp()
        propagated = propagated_alpha(image, alpha, data_weight)
        alphas = torch.cat((alpha, propagated), dim=1)
        x = self.body(torch.cat((features, F.avg_pool2d(alphas, 2)), dim=1))
        heads = self.feature_blend_head(x) + self.alpha_blend_head(alphas)
        blending = (blending + self.pixel_shuffle(heads)).float()
        weight = torch.sigmoid(blending[:, :1] - enlarged(data_weight).log())
        blended: Tensor = alpha + weight * (propagated - alpha) + blending[:, 1:]
        return blended


def colour_data_weight(plate: Tensor, foreground: Tensor) -> Tensor:
    """Return the data-term weight of an alpha by colour (B, 1, H/2, W/2), positive.

    It is least where foreground and plate look alike.

    Args:
        plate: (B, 3, H, W) in [−1, 1].
        foreground: (B, 3, H, W) in [−1, 1].
    """
    contrast = (foreground - plate).float().square().sum(dim=1, keepdim=True).detach()
    return F.avg_pool2d(MOST_WEIGHT * contrast / (contrast + HALF_CONTRAST) + LEAST_WEIGHT, 2)


def propagated_alpha(image: Tensor, alpha: Tensor, data_weight: Tensor) -> Tensor:
    """Return the propagated alpha (B, 1, H, W), [−1, 1].

    Args:
        image: (B, 3, H, W) in [−1, 1].
        alpha: (B, 1, H, W) in [−1, 1].
        data_weight: (B, 1, H/2, W/2), positive.
    """
    everywhere, coarse = torch.ones_like(alpha), F.avg_pool2d(data_weight, STRIDE // 2)
    return 2 * propagate_alpha((image + 1) / 2, everywhere, (alpha + 1) / 2, coarse, STRIDE) - 1
