"""Carry the known foreground and background colours into the unknown area."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_LEVELS = 7  # strides 2 to 128


def carry(image: Tensor, known: Tensor) -> Tensor:
    """Spread the colours under `known` everywhere by a push-pull pyramid.

    Push: means of the known colours at halving resolutions.  Pull: from the coarsest level back,
    each level keeps its own mean as far as it has known pixels and takes the rest from the coarser
    one (Gortler et al., "The Lumigraph", 1996, section 3.4).  Where nothing is known at all the
    colour is mid-grey.

    | name | shape | range |
    |---|---|---|
    | image | (B, 3, H, W), H and W even | [0, 1] |
    | known | (B, 1, H, W) | 0 or 1 |
    | returned | (B, 3, H, W) | [0, 1] |
    """
    sums = [F.avg_pool2d(torch.cat([image * known, known], dim=1), 2)]  # (B, 4, H/2, W/2)
    for _ in range(_LEVELS - 1):
        sums.append(F.avg_pool2d(sums[-1], 2, ceil_mode=True))
    total = sums[-1].mean(dim=(2, 3), keepdim=True)
    spread = (total[:, :3] + 0.5e-6) / (total[:, 3:] + 1e-6)
    for level in reversed(sums):
        if level is not sums[-1]:
            spread = F.interpolate(spread, size=level.shape[2:], mode="bilinear")
        weight = level[:, 3:]
        trust = (4 * weight).clamp(0, 1)
        spread = spread * (1 - trust) + trust * level[:, :3] / (weight + 1e-6)
    return F.interpolate(spread, scale_factor=2.0, mode="bilinear")


def project(image: Tensor, foreground: Tensor, background: Tensor) -> Tensor:
    """Return (B, 1, H, W) alpha in [0, 1]: where each colour lies between its two carried colours.

    α = (I − B)·(F − B) / |F − B|² (Chuang et al., "A Bayesian approach to digital matting", 2001,
    equation 10), drawn to 1/2 where F and B nearly meet.
    """
    direction = foreground - background
    along = ((image - background) * direction).sum(dim=1, keepdim=True)
    length = (direction * direction).sum(dim=1, keepdim=True)
    return ((along + 0.005) / (length + 0.01)).clamp(0, 1)
