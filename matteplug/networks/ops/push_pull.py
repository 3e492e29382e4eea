"""Fill in colours where they are unknown from where they are known: push and pull.

Push: averages at halving resolutions.  Pull: from the coarsest level back, each level keeps its own
average as far as it knows one and takes the rest from the coarser level (Gortler et al., "The
Lumigraph", 1996, section 3.4).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

SUFFICIENT = 0.25
"""Mean weight of a cell from which on its own colour is taken as it is."""
_TINY = 1e-6


def push_pull(weighted: Tensor, weights: Tensor, halvings: int, default: float = 0.0) -> Tensor:
    """Return colours everywhere, from where their weights are high.

    | name | shape | dtype | range |
    |---|---|---|---|
    | weighted | (B, C, H, W) | float32 | colours times weights |
    | weights | (B, 1, H, W) | float32 | [0, 1] |
    | returned | (B, C, H, W) | float32 | that of the colours |

    Args:
        weighted: see the table.
        weights: see the table.
        halvings: levels of the pyramid below full resolution.
        default: the colour where nothing is known anywhere.
    """
    pyramid = [torch.cat([weighted, weights], dim=1)]
    for _ in range(halvings):
        pyramid.append(F.avg_pool2d(pyramid[-1], 2, ceil_mode=True))
    total = pyramid[-1].mean(dim=(2, 3), keepdim=True)
    filled = (total[:, :-1] + default * _TINY) / (total[:, -1:] + _TINY)
    for level in reversed(pyramid):
        if level is not pyramid[-1]:
            filled = F.interpolate(filled, size=level.shape[2:], mode="bilinear")
        weight = level[:, -1:]
        known = (weight / SUFFICIENT).clamp(0, 1)
        filled = filled + known * (level[:, :-1] / (weight + _TINY) - filled)
    return filled
