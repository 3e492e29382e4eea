"""Guesses of alpha from the trimap's known areas, computed in the graph as extra input channels.

A compact network sees about a hundred pixels; classical solvers win on wide unknown areas because
they carry the known areas' colours and opacities arbitrarily far.  These priors do that in a fixed
number of tensor operations, so that they are trained and exported with the network.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from matteplug.networks.citm.priors import likeness, propagation, table
from matteplug.networks.ops.compositing import project_alpha
from matteplug.networks.ops.push_pull import push_pull

KINDS = ("colours", "table", "likeness", "propagation")
_HALVINGS = 6
"""Levels of the pyramid that known colours spread over, from half the resolution on."""
_DAMPING = 0.01
"""Squared distance of foreground and background below which colours say little about alpha."""


class Priors(nn.Module):
    """Prior channels of a trimap: spread colours, a colour table, likeness, a propagated alpha.

    It has no parameters.  `forward` computes in float32 whatever the autocast.

    Args:
        kinds: which of `KINDS` go into the features, in that order.

    Attributes:
        channels: number of feature channels.
        likeness: place of likeness among them, or None.
    """

    def __init__(self, kinds: tuple[str, ...] = KINDS) -> None:
        super().__init__()
        if unknown := set(kinds) - set(KINDS):
            raise ValueError(f"no such priors: {sorted(unknown)}; there are {KINDS}")
        counts = {"colours": 7, "table": 2, "likeness": 1, "propagation": 2}
        self.kinds = tuple(kind for kind in KINDS if kind in kinds)
        self.channels = sum(counts[kind] for kind in self.kinds)
        self.likeness: int | None = None
        if "likeness" in self.kinds:
            before = self.kinds[: self.kinds.index("likeness")]
            self.likeness = sum(counts[kind] for kind in before)

    def forward(
        self, image: Tensor, regions: Tensor, features: Sequence[Tensor] = ()
    ) -> tuple[Tensor, Tensor]:
        """Return the prior channels and the best alpha they give.

        | name | shape | range |
        |---|---|---|
        | image | (B, 3, H, W) float32, H and W multiples of 32 | RGB, [0, 1] |
        | regions | (B, 3, H, W) one-hot | background, unknown, foreground |
        | features | (B, ·, ·, ·) at strides 8, 16 and 32, for likeness | |
        | returned channels | (B, channels, H, W) float32 | about [-2, 2] |
        | returned alpha | (B, 1, H, W) float32 | [0, 1], known pixels exact |
        """
        with torch.autocast(image.device.type, enabled=False):
            return self._forward(image.float(), regions.float(), features)

    @torch.no_grad()
    def _forward(
        self, image: Tensor, regions: Tensor, features: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        background, unknown, foreground = regions.chunk(3, dim=1)
        F = spread_colours(image, foreground)
        B = spread_colours(image, background)
        alpha = foreground + unknown * project_alpha(image, F, B, _DAMPING, prior=0.5)
        logs = table.likelihoods(image, foreground, background)
        channels = []
        if "colours" in self.kinds:
            channels += [4 * F - 2, 4 * B - 2, 2 * alpha - 1]
        if "table" in self.kinds:
            channels.append(logs)
        if "likeness" in self.kinds:
            fine, middle, coarse = features
            distances = likeness.distances(image, regions, (fine, middle, coarse))
            channels.append(likeness.likeness(distances))
        if "propagation" in self.kinds:
            # Start between the guesses from near and from all known colours: 1 to 2 measured best.
            guess = alpha + unknown * (table.posterior(logs) - alpha) * (2 / 3)
            alpha = propagation.propagate(image, unknown, guess)
            channels += [2 * alpha - 1, propagation.remoteness(unknown)]
        return torch.cat(channels, dim=1), alpha


def spread_colours(image: Tensor, known: Tensor) -> Tensor:
    """Return the colours under `known`, spread everywhere; mid-grey where nothing is known.

    | name | shape | range |
    |---|---|---|
    | image | (B, 3, H, W), H and W even | [0, 1] |
    | known | (B, 1, H, W) | 0 or 1 |
    | returned | (B, 3, H, W) | [0, 1] |
    """
    half = functional.avg_pool2d(torch.cat([image * known, known], dim=1), 2)
    spread = push_pull(half[:, :3], half[:, 3:], _HALVINGS, default=0.5)
    return functional.interpolate(spread, scale_factor=2.0, mode="bilinear")


__all__ = ["KINDS", "Priors", "spread_colours"]
