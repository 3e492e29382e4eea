"""Propagate alpha from where it is reliable to where it is not, by the matting Laplacian.

A fixed number of conjugate-gradient steps makes the solver a part of a graph.  The result is not
the solved alpha but its local affine models of the colours (Levin et al., 2008, section 4.2), which
carry the fine image's detail.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from matteplug.networks.ops.matting_laplacian import Laplacian

EPSILON = 1e-6
_STEPS = 12  # of conjugate gradients
_TINY = 1e-6  # 0 / 0 is 0 where nothing is left to solve; exporting drops what is below 1e-8


def propagate_alpha(
    image: Tensor, unknown: Tensor, alpha: Tensor, data_weight: Tensor, stride: int
) -> Tensor:
    """Return alpha after propagation through the unknown area.

    Minimises αᵀLα + Σ data_weight·(α − alpha)², as Wang and Cohen join colour samples with the
    matting Laplacian ("Optimized color sampling for robust matting", 2007, section 4), in pixels
    that are `stride` times as large.  Computed in float32 whatever the autocast.

    | name | shape | range |
    |---|---|---|
    | image | (B, 3, H, W), H and W multiples of the stride | [0, 1] |
    | unknown | (B, 1, H, W) | 0 or 1 |
    | alpha | (B, 1, H, W) | [0, 1], kept where not unknown |
    | data_weight | (B, 1, H/stride, W/stride) | positive; a window's bonds add up to about 1 |
    | returned | (B, 1, H, W) | [0, 1] |
    """
    with torch.autocast(image.device.type, enabled=False):
        image, alpha, data_weight = image.float(), alpha.float(), data_weight.float()
        small = F.avg_pool2d(image, stride)
        laplacian = Laplacian(small, EPSILON)
        free = F.max_pool2d(unknown, stride)
        solved = solve(laplacian, F.avg_pool2d(alpha, stride), free, _STEPS, data_weight)
        propagated = apply_colour_model(laplacian.model(solved.clamp(0, 1)), image, stride)
        return alpha + unknown * (propagated - alpha)


def apply_colour_model(model: Tensor, image: Tensor, factor: int) -> Tensor:
    """Return alpha from affine models of the colours on a coarser grid.

    | name | shape | range |
    |---|---|---|
    | model | (B, 4, H/factor, W/factor), see `Laplacian.model` | |
    | image | (B, 3, H, W) | [0, 1] |
    | returned | (B, 1, H, W) | [0, 1] |
    """
    fine = F.interpolate(model, scale_factor=float(factor), mode="bilinear")
    alpha = (fine[:, :3] * (image - 0.5)).sum(dim=1, keepdim=True) + fine[:, 3:]
    return alpha.clamp(0, 1)


def solve(
    laplacian: Laplacian, guess: Tensor, free: Tensor, steps: int, data_weight: Tensor | float = 0.0
) -> Tensor:
    """Minimise αᵀLα + Σ data_weight·(α − guess)² over the free pixels by conjugate gradients.

    Jacobi-preconditioned, starting from the guess.

    | name | shape | range |
    |---|---|---|
    | guess | (B, 1, H, W) | kept where not free |
    | free | (B, 1, H, W) | 0 or 1 |
    | data_weight | (B, 1, H, W) or a number | at least 0 |
    | returned | (B, 1, H, W) | about [0, 1], not clamped |
    """
    scale = free / (laplacian.diagonal + data_weight)
    alpha = guess
    residual = -free * laplacian.times(alpha)
    preconditioned = scale * residual
    direction = preconditioned
    energy = _dot(residual, preconditioned)
    for _ in range(steps - 1):
        change = free * (laplacian.times(direction) + data_weight * direction)
        length = energy / _dot(direction, change).clamp(min=_TINY)
        alpha = alpha + length * direction
        residual = residual - length * change
        preconditioned = scale * residual
        previous_energy, energy = energy, _dot(residual, preconditioned)
        direction = preconditioned + energy / previous_energy.clamp(min=_TINY) * direction
    change = free * (laplacian.times(direction) + data_weight * direction)
    return alpha + energy / _dot(direction, change).clamp(min=_TINY) * direction


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Return (B, 1, 1, 1): each sample's inner product."""
    return (a * b).sum(dim=(1, 2, 3), keepdim=True)
