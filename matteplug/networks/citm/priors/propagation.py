"""Propagate the known alpha through the unknown area: closed-form matting, coarse to fine.

A fixed number of conjugate-gradient steps on a few strides makes the solve a part of a graph.  From
stride to stride goes not alpha but its local affine models of the colours, as in Levin et al.,
2008, section 4.2: they carry the fine image's detail.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from matteplug.networks.citm.priors.laplacian import Laplacian

_EPSILON = 1e-6
_STEPS = ((8, 12), (4, 12))  # (stride, conjugate-gradient steps)
_SETTLING = (2, 12)
_TINY = 1e-6  # 0 / 0 is 0 where nothing is left to solve; exporting drops what is below 1e-8


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
            guess = guess + free * (_apply(model, small, 2) - guess)
        laplacian = Laplacian(small, _EPSILON)
        solved = solve(laplacian, guess, free, steps)
        model = laplacian.model(solved.clamp(0, 1))
    assert model is not None  # for the type checker: there are strides
    return alpha + unknown * (_apply(model, image, stride) - alpha)


def settle(image: Tensor, unknown: Tensor, alpha: Tensor, trust: Tensor) -> Tensor:
    """Return (B, 1, H, W) alpha in [0, 1]: what is trusted of `alpha` spreads to where it is not.

    Lowers αᵀLα + Σ trust·(α − alpha)², as colour samples are joined with the matting Laplacian by
    Wang and Cohen, "Optimized color sampling for robust matting", 2007, section 4.

    | name | shape | range |
    |---|---|---|
    | image | (B, 3, H, W), H and W multiples of 2 | [0, 1] |
    | unknown | (B, 1, H, W) | 0 or 1 |
    | alpha | (B, 1, H, W) | [0, 1], kept where not unknown |
    | trust | (B, 1, H/2, W/2) | positive; a window's bonds add up to about 1 |
    """
    stride, steps = _SETTLING
    small = F.avg_pool2d(image, stride)
    laplacian = Laplacian(small, _EPSILON)
    free = F.max_pool2d(unknown, stride)
    solved = solve(laplacian, F.avg_pool2d(alpha, stride), free, steps, trust)
    settled = _apply(laplacian.model(solved.clamp(0, 1)), image, stride)
    return alpha + unknown * (settled - alpha)


def _apply(model: Tensor, image: Tensor, factor: int) -> Tensor:
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


def remoteness(unknown: Tensor) -> Tensor:
    """Return (B, 1, H, W) in [-1, 1]: about the logarithm of the distance to the known area.

    The share of six erosions of the unknown area, with doubling radii up to 64 pixels, that a pixel
    survives: -1 where known.
    """
    far = -F.max_pool2d(-unknown, 4)  # wholly unknown
    levels = F.avg_pool2d(unknown, 4) + far
    for radius in (1, 2, 4, 8):
        far = -F.max_pool2d(-far, (2 * radius + 1, 1), 1, (radius, 0))
        far = -F.max_pool2d(-far, (1, 2 * radius + 1), 1, (0, radius))
        levels = levels + far
    return F.interpolate(levels / 3 - 1, scale_factor=4.0, mode="bilinear")
