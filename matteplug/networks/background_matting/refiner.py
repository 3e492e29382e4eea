"""Alpha and foreground at full resolution, from the coarse ones, the picture and the plate.

Not in the paper, whose grid is finer; `BackgroundMattingConfig.detail` switches it on.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.background_matting.cues import differences
from matteplug.networks.background_matting.layers import enlarged, normed
from matteplug.networks.background_matting.propagation import WEIGHED, Settlement, trusted
from matteplug.networks.ops.push_pull import opaque, spread

FAINT = 0.02
"""Squared distance of foreground and plate, of 12, below which colours say little about alpha."""

MISFIT = 0.15
"""Distance of colours, of 3.5, at which a foreground does not fit any more."""


class Refinement(nn.Module):
    """Corrects alpha and foreground by what the picture, the plate and the matting equation say.

    The foreground is the one spread from opaque parts nearby where that fits the picture, else the
    coarse one; where the network trusts it, alpha is what the matting equation makes of it.  What
    can be trusted of that alpha may spread, by the matting Laplacian, to where it cannot.

    Args:
        channels: of its convolutions, which work at half resolution.
        known: channels of what is known at a quarter of the resolution.
        settles: let the alpha spread.
    """

    def __init__(self, channels: int, known: int, settles: bool) -> None:
        super().__init__()
        coarse, seen, trust = 1 + 3, 3 + 2 * 3 + 2 * (3 + 1) + 1, 1
        self.recall = nn.Sequential(
            *normed(nn.Conv2d(known, channels, 3, padding=1), channels),
            *normed(nn.Conv2d(channels, channels, 3, padding=1), channels),
        )
        self.look = nn.Sequential(
            *normed(nn.Conv2d(seen, channels, 3, stride=2, padding=1), channels)
        )
        self.think = nn.Sequential(
            *normed(nn.Conv2d(2 * channels + coarse, channels, 3, padding=1), channels),
            *normed(nn.Conv2d(channels, channels, 3, padding=1), channels),
            *normed(nn.Conv2d(channels, channels, 3, padding=1), channels),
        )
        corrected = coarse + trust + (WEIGHED if settles else 0)
        self.glance = nn.Conv2d(seen, corrected, 3, padding=1, bias=False)
        self.correct = nn.Sequential(
            nn.Conv2d(channels, 4 * corrected, 3, padding=1), nn.PixelShuffle(2)
        )
        self.settlement = Settlement(channels) if settles else None

    def forward(
        self, image: Tensor, plate: Tensor, alpha: Tensor, foreground: Tensor, known: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return alpha (B, 1, H, W) and foreground (B, 3, H, W), about [−1, 1].

        Args:
            image: (B, 3, H, W) in [−1, 1], like the rest; H and W multiples of 64.
            plate: (B, 3, H, W).
            alpha: (B, 1, H/2, W/2), coarse.
            foreground: (B, 3, H/2, W/2), coarse.
            known: (B, C, H/4, W/4), features.
        """
        near = spread(F.avg_pool2d(image.float(), 2), opaque((alpha.detach().float() + 1) / 2))
        coarse = torch.cat((alpha, foreground), dim=1)
        guessed, own, near = (enlarged(x) for x in (alpha, foreground, near))
        by_own, by_near = (explain(image, plate, colours) for colours in (own, near))
        given = (image, *differences(image, plate))
        cues = (*given, guessed, own, near, 2 * by_own - 1, 2 * by_near - 1)
        seen = torch.cat(cues, dim=1)
        x = self.think(torch.cat((self.look(seen), coarse, enlarged(self.recall(known))), dim=1))
        corrections = (self.glance(seen) + self.correct(x)).float()
        suits = fit(image, plate, near, by_near)
        foreground = own + suits * (near - own) + corrections[:, 1:4]
        guessed = guessed + corrections[:, :1]
        explained = 2 * explain(image, plate, foreground) - 1
        trust = torch.sigmoid(corrections[:, 4:5])
        alpha = guessed + trust * (explained - guessed)
        if self.settlement is not None:
            alpha = self.settlement(image, alpha, trusted(plate, foreground), x, corrections[:, 5:])
        return alpha, foreground


def explain(image: Tensor, plate: Tensor, foreground: Tensor) -> Tensor:
    """Return the alpha (B, 1, H, W), 0 to 1, that best explains I as αF + (1 − α)B.

    By colour alone: the projection of I − B on F − B; towards 0 where F and B look alike.
    """
    image, plate, foreground = image.float(), plate.float(), foreground.float()
    span = foreground - plate
    along = ((image - plate) * span).sum(dim=1, keepdim=True)
    squared = span.square().sum(dim=1, keepdim=True)
    return (along / (squared + FAINT)).clamp(0, 1)


def fit(image: Tensor, plate: Tensor, foreground: Tensor, alpha: Tensor) -> Tensor:
    """Return how well αF + (1 − α)B is the image, (B, 1, H, W): 1 exactly, near 0 beyond `MISFIT`.

    Args:
        image: (B, 3, H, W) in [−1, 1], like `plate` and `foreground`.
        plate: (B, 3, H, W).
        foreground: (B, 3, H, W).
        alpha: (B, 1, H, W), 0 to 1.
    """
    image, plate = image.float(), plate.float()
    error = image - plate - alpha * (foreground - plate)
    return torch.exp(-error.square().sum(dim=1, keepdim=True) / MISFIT**2)
