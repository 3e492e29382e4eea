"""Alpha and foreground at full resolution, from the coarse ones, the image and the plate.

Not in the paper, whose grid is finer; `BackgroundMattingConfig.detail` switches it on.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.background_matting.cues import differences, opaque
from matteplug.networks.background_matting.layers import enlarged, normed
from matteplug.networks.background_matting.propagation import (
    BLENDING,
    AlphaPropagation,
    colour_data_weight,
)
from matteplug.networks.ops.compositing import compositing_fit, project_alpha
from matteplug.networks.ops.push_pull import push_pull

HALVINGS = 5
"""Levels of the pyramid that foreground colours spread over, from half the resolution on."""
DAMPING = 0.02
"""Squared distance of foreground and plate, of 12, below which colours say little about alpha."""
MISFIT = 0.15
"""Distance of colours, of 3.5, at which a foreground no longer fits."""


class CompositingRefiner(nn.Module):
    """Corrects alpha and foreground by the image, the plate and the compositing equation.

    The foreground is the one spread from opaque parts nearby where that fits the image, else the
    coarse one; as far as the network says, alpha is its projection on the compositing equation.
    The reliable part of that alpha may then be propagated by the matting Laplacian.

    Args:
        channels: of its convolutions, which work at half resolution.
        context_channels: channels of the features at a quarter of the resolution.
        propagation: propagate the alpha.
    """

    def __init__(self, channels: int, context_channels: int, propagation: bool) -> None:
        super().__init__()
        coarse, cues, blend = 1 + 3, 3 + 2 * 3 + 2 * (3 + 1) + 1, 1
        self.context = nn.Sequential(
            *normed(nn.Conv2d(context_channels, channels, 3, padding=1), channels),
            *normed(nn.Conv2d(channels, channels, 3, padding=1), channels),
        )
        self.stem = nn.Sequential(
            *normed(nn.Conv2d(cues, channels, 3, stride=2, padding=1), channels)
        )
        self.body = nn.Sequential(
            *normed(nn.Conv2d(2 * channels + coarse, channels, 3, padding=1), channels),
            *normed(nn.Conv2d(channels, channels, 3, padding=1), channels),
            *normed(nn.Conv2d(channels, channels, 3, padding=1), channels),
        )
        corrections = coarse + blend + (BLENDING if propagation else 0)
        self.full_res_head = nn.Conv2d(cues, corrections, 3, padding=1, bias=False)
        self.upsampled_head = nn.Sequential(
            nn.Conv2d(channels, 4 * corrections, 3, padding=1), nn.PixelShuffle(2)
        )
        self.propagation = AlphaPropagation(channels) if propagation else None

    def forward(
        self, image: Tensor, plate: Tensor, alpha: Tensor, foreground: Tensor, context: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return alpha (B, 1, H, W) and foreground (B, 3, H, W), about [−1, 1].

        Args:
            image: (B, 3, H, W) in [−1, 1], like the rest; H and W multiples of 64.
            plate: (B, 3, H, W).
            alpha: (B, 1, H/2, W/2), coarse.
            foreground: (B, 3, H/2, W/2), coarse.
            context: (B, C, H/4, W/4), features.
        """
        coarse = torch.cat((alpha, foreground), dim=1)
        spread = spread_foreground(image, alpha)
        alpha, foreground, spread = (enlarged(x) for x in (alpha, foreground, spread))
        alpha_by_coarse = project_alpha(image, foreground, plate, DAMPING, prior=0.0)
        alpha_by_spread = project_alpha(image, spread, plate, DAMPING, prior=0.0)
        cues = torch.cat(
            (
                image,
                *differences(image, plate),
                alpha,
                foreground,
                spread,
                2 * alpha_by_coarse - 1,
                2 * alpha_by_spread - 1,
            ),
            dim=1,
        )
        features = (self.stem(cues), coarse, enlarged(self.context(context)))
        x = self.body(torch.cat(features, dim=1))
        corrections = (self.full_res_head(cues) + self.upsampled_head(x)).float()
        fit = compositing_fit(image, spread, plate, alpha_by_spread, MISFIT)
        foreground = foreground + fit * (spread - foreground) + corrections[:, 1:4]
        alpha = alpha + corrections[:, :1]
        projected = 2 * project_alpha(image, foreground, plate, DAMPING, prior=0.0) - 1
        alpha = alpha + torch.sigmoid(corrections[:, 4:5]) * (projected - alpha)
        if self.propagation is not None:
            colour_weight = colour_data_weight(plate, foreground)
            alpha = self.propagation(image, alpha, colour_weight, x, corrections[:, 5:])
        return alpha, foreground


def spread_foreground(image: Tensor, alpha: Tensor) -> Tensor:
    """Return the foreground's colours (B, 3, H/2, W/2), spread from its opaque parts.

    Args:
        image: (B, 3, H, W) in [−1, 1].
        alpha: (B, 1, H/2, W/2), about [−1, 1].
    """
    weights = opaque((alpha.detach().float() + 1) / 2)
    return push_pull(F.avg_pool2d(image.float(), 2) * weights, weights, HALVINGS)
