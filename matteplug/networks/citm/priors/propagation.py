"""Propagate the known alpha through the unknown area: closed-form matting, coarse to fine.

A fixed number of conjugate-gradient steps on a few strides makes the solver a part of a graph.
What passes from stride to stride is not alpha but its local affine models of the colours (Levin et
al., 2008, section 4.2), which carry the fine image's detail.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from matteplug.networks.ops.alpha_propagation import EPSILON, apply_colour_model, solve
from matteplug.networks.ops.matting_laplacian import Laplacian

_STEPS = ((8, 12), (4, 12))  # (stride, conjugate-gradient steps)


def propagate(image: Tensor, unknown: Tensor, alpha: Tensor) -> Tensor:
    """Return (B, 1, H, W) alpha in [0, 1], propagated; pixels outside `unknown` keep their value.

    | name | shape | range |
    |---|---|---|
    | image | (B, 3, H, W), H and W multiples of 32 | [0, 1] |
    | unknown | (B, 1, H, W) | 0 or 1 |
    | alpha | (B, 1, H, W) | [0, 1], exact where known, elsewhere a first guess |
    """
    model: Tensor | None = None
    for stride, steps in _STEPS:
        small = F.avg_pool2d(image, stride)
        guess = F.avg_pool2d(alpha, stride)
        free = F.max_pool2d(unknown, stride)
        if model is not None:
            guess = guess + free * (apply_colour_model(model, small, 2) - guess)
        laplacian = Laplacian(small, EPSILON)
        solved = solve(laplacian, guess, free, steps)
        model = laplacian.model(solved.clamp(0, 1))
    assert model is not None  # for the type checker: there are strides
    return alpha + unknown * (apply_colour_model(model, image, stride) - alpha)


def remoteness(unknown: Tensor) -> Tensor:
    """Return (B, 1, H, W) in [-1, 1]: about the logarithm of the distance to the known area.

    The fraction of six erosions of the unknown area, with doubling radii up to 64 pixels, that a
    pixel survives: -1 where known.
    """
    far = -F.max_pool2d(-unknown, 4)  # wholly unknown
    levels = F.avg_pool2d(unknown, 4) + far
    for radius in (1, 2, 4, 8):
        far = -F.max_pool2d(-far, (2 * radius + 1, 1), 1, (radius, 0))
        far = -F.max_pool2d(-far, (1, 2 * radius + 1), 1, (0, radius))
        levels = levels + far
    return F.interpolate(levels / 3 - 1, scale_factor=4.0, mode="bilinear")
