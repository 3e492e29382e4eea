"""Foreground colours for soft edges, spread from the opaque parts nearby.

Push and pull over a pyramid of averages (Gortler et al., The Lumigraph, 1996, section 3.4): each
pixel takes its colour from the finest level that knows one.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

LEVELS = 5
"""Halvings; sides must be multiples of 2 to that power."""
CORE_PX = 2
"""How far inside alpha's edge colours are taken for the foreground's own."""
FAINT = 1e-3
"""Weight of opaque pixels near an edge, which count where there are none further inside."""
ENOUGH = 0.25
"""Share of a cell that must be known for its own colour to be taken as it is."""


def opaque(alpha: Tensor) -> Tensor:
    """Return how surely pixels show the foreground alone, [0, 1]; (B, 1, H, W) as alpha is."""
    alpha = alpha.clamp(0, 1)
    inside = 1 - F.max_pool2d(1 - alpha, 2 * CORE_PX + 1, stride=1, padding=CORE_PX)
    return inside**8 + FAINT * alpha**8


def spread(colours: Tensor, weights: Tensor) -> Tensor:
    """Fill in colours where weights are low from where they are high.

    Args:
        colours: (B, C, H, W).
        weights: (B, 1, H, W), [0, 1].

    Returns:
        (B, C, H, W); 0 where nothing is known anywhere.
    """
    pyramid = [torch.cat((colours * weights, weights), dim=1)]
    for _ in range(LEVELS):
        pyramid.append(F.avg_pool2d(pyramid[-1], 2))
    filled = _own(pyramid[0].mean(dim=(2, 3), keepdim=True))
    for sums in reversed(pyramid):
        if sums is not pyramid[-1]:
            filled = F.interpolate(filled, scale_factor=2.0, mode="bilinear", align_corners=False)
        filled = filled + (sums[:, -1:] / ENOUGH).clamp(max=1) * (_own(sums) - filled)
    return filled


def _own(sums: Tensor) -> Tensor:
    return sums[:, :-1] / (sums[:, -1:] + 1e-6)
