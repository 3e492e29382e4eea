"""Spread an alpha where it is trusted to where it is not, by the matting Laplacian.

A fixed number of conjugate-gradient steps makes the solve a part of a graph.  What comes out is not
alpha but its local affine models of the colours, as in Levin et al., 2008, section 4.2: they carry
the fine image's detail.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from matteplug.networks.ops.matting_laplacian import Laplacian

EPSILON = 1e-6
_STEPS = 12  # of conjugate gradients
_TINY = 1e-6  # 0 / 0 is 0 where nothing is left to solve; exporting drops what is below 1e-8


def settle(image: Tensor, unknown: Tensor, alpha: Tensor, trust: Tensor, stride: int) -> Tensor:
    """Return (B, 1, H, W) alpha in [0, 1]: what is trusted of `alpha` spreads to where it is not.

    Lowers αᵀLα + Σ trust·(α − alpha)², as colour samples are joined with the matting Laplacian by
    Wang and Cohen, "Optimized color sampling for robust matting", 2007, section 4, in pixels that
    are `stride` times as large.  Computed in float32 whatever the autocast.

    | name | shape | range |
    |---|---|---|
    | image | (B, 3, H, W), H and W multiples of the stride | [0, 1] |
    | unknown | (B, 1, H, W) | 0 or 1 |
    | alpha | (B, 1, H, W) | [0, 1], kept where not unknown |
    | trust | (B, 1, H/stride, W/stride) | positive; a window's bonds add up to about 1 |
    """
    with torch.autocast(image.device.type, enabled=False):
        image, alpha, trust = image.float(), alpha.float(), trust.float()
        small = F.avg_pool2d(image, stride)
        laplacian = Laplacian(small, EPSILON)
        free = F.max_pool2d(unknown, stride)
        solved = solve(laplacian, F.avg_pool2d(alpha, stride), free, _STEPS, trust)
        settled = applied(laplacian.model(solved.clamp(0, 1)), image, stride)
        return alpha + unknown * (settled - alpha)


def applied(model: Tensor, image: Tensor, factor: int) -> Tensor:
    """Return alpha in [0, 1] by affine models that are `factor` times coarser than the image."""
    fine = F.interpolate(model, scale_factor=float(factor), mode="bilinear")
    alpha = (fine[:, :3] * (image - 0.5)).sum(dim=1, keepdim=True) + fine[:, 3:]
    return alpha.clamp(0, 1)


def solve(
    laplacian: Laplacian, guess: Tensor, free: Tensor, steps: int, trust: Tensor | float = 0.0
) -> Tensor:
    """Lower αᵀLα + Σ trust·(α − guess)² over the free pixels by conjugate gradients.

    Jacobi-preconditioned, from the guess.

    | name | shape | range |
    |---|---|---|
    | guess | (B, 1, H, W) | kept where not free |
    | free | (B, 1, H, W) | 0 or 1 |
    | trust | (B, 1, H, W) or a number | at least 0 |
    | returned | (B, 1, H, W) | about [0, 1], not clamped |
    """
    scale = free / (laplacian.diagonal + trust)
    alpha = guess
    residual = -free * laplacian.times(alpha)
    ahead = scale * residual
    direction = ahead
    energy = _dot(residual, ahead)
    for _ in range(steps - 1):
        change = free * (laplacian.times(direction) + trust * direction)
        length = energy / _dot(direction, change).clamp(min=_TINY)
        alpha = alpha + length * direction
        residual = residual - length * change
        ahead = scale * residual
        before, energy = energy, _dot(residual, ahead)
        direction = ahead + energy / before.clamp(min=_TINY) * direction
    change = free * (laplacian.times(direction) + trust * direction)
    return alpha + energy / _dot(direction, change).clamp(min=_TINY) * direction


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Return (B, 1, 1, 1): each sample's inner product."""
    return (a * b).sum(dim=(1, 2, 3), keepdim=True)
