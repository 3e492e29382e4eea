"""Propagate the known alpha through the unknown area: closed-form matting, matrix-free.

Closed-form matting (Levin, Lischinski, Weiss, "A closed form solution to natural image matting",
2008) wants alpha to be an affine function of the colours in every small window; what deviates is
αᵀLα (equation 12).  L is never built: He, Sun, Tang ("Fast matting using large kernel matting
Laplacian matrices", 2010, section 4) get L·p from box filters.  A fixed number of conjugate-
gradient steps on a few strides makes it part of a graph.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_EPSILON = 1e-5  # added to the windows' colour covariances
_STEPS = ((8, 12), (4, 12))  # (stride, conjugate-gradient steps)


def propagate(image: Tensor, unknown: Tensor, alpha: Tensor) -> Tensor:
    """Return (B, 1, H, W) alpha in [0, 1], propagated; pixels outside `unknown` keep their value.

    The last stride's affine models, averaged over the windows that hold a pixel, are read at full
    resolution (He, Sun, Tang, "Guided image filtering", 2013, equation 8; He, Sun, "Fast guided
    filter", 2015).

    | name | shape | range |
    |---|---|---|
    | image | (B, 3, H, W), H and W multiples of 32 | [0, 1] |
    | unknown | (B, 1, H, W) | 0 or 1 |
    | alpha | (B, 1, H, W) | [0, 1], exact where known, elsewhere a first guess |
    """
    change: Tensor | None = None
    for stride, steps in _STEPS:
        laplacian = Laplacian(F.avg_pool2d(image, stride))
        first = F.avg_pool2d(alpha, stride)
        free = F.max_pool2d(unknown, stride)
        guess = first
        if change is not None:
            guess = first + free * F.interpolate(change, scale_factor=2.0, mode="bilinear")
        solved = solve(laplacian, guess, free, steps)
        change = solved - first
    model = 9 * _spread(laplacian.model(solved.clamp(0, 1))) / laplacian.count
    model = F.interpolate(model, scale_factor=float(stride), mode="bilinear")
    fine = (model[:, :3] * image).sum(dim=1, keepdim=True) + model[:, 3:]
    return fine.clamp(0, 1) * unknown + alpha * (1 - unknown)


class Laplacian:
    """The matting Laplacian of a batch of images, as an operator; 3 × 3 windows.

    Attributes:
        diagonal: (B, 1, H, W), the matrix's diagonal.
    """

    def __init__(self, image: Tensor, epsilon: float = _EPSILON) -> None:
        self.image = image
        self.mean = _means(image)  # (B, 3, H - 2, W - 2)
        r, g, b = image.chunk(3, dim=1)
        products = torch.cat([r * r, r * g, r * b, g * g, g * b, b * b], dim=1)
        mr, mg, mb = self.mean.chunk(3, dim=1)
        squares = torch.cat([mr * mr, mr * mg, mr * mb, mg * mg, mg * mb, mb * mb], dim=1)
        rr, rg, rb, gg, gb, bb = (_means(products) - squares).chunk(6, dim=1)
        rr, gg, bb = (v.clamp(min=0) + epsilon for v in (rr, gg, bb))
        cofactors = torch.cat(
            [
                gg * bb - gb * gb,
                rb * gb - rg * bb,
                rg * gb - rb * gg,
                rr * bb - rb * rb,
                rb * rg - rr * gb,
                rr * gg - rg * rg,
            ],
            dim=1,
        )
        determinant = rr * cofactors[:, 0:1] + rg * cofactors[:, 1:2] + rb * cofactors[:, 2:3]
        self.inverse = cofactors / determinant.clamp(min=epsilon**3)
        self.count = 9 * _spread(torch.ones_like(mr))

        weighted = self._times(self.mean)
        spread = _spread(
            torch.cat(
                [self.inverse, weighted, (weighted * self.mean).sum(dim=1, keepdim=True)], dim=1
            )
        )
        twice = torch.tensor([1, 2, 2, 1, 2, 1], dtype=image.dtype, device=image.device)
        form = (
            (products * spread[:, :6] * twice[:, None, None]).sum(dim=1, keepdim=True)
            - 2 * (image * spread[:, 6:9]).sum(dim=1, keepdim=True)
            + spread[:, 9:]
        )
        self.diagonal = (self.count * (1 - 1 / 9) - form).clamp(min=1e-3)

    def _times(self, vector: Tensor) -> Tensor:
        a, b, c, d, e, f = self.inverse.chunk(6, dim=1)
        x, y, z = vector.chunk(3, dim=1)
        return torch.cat(
            [a * x + b * y + c * z, b * x + d * y + e * z, c * x + e * y + f * z], dim=1
        )

    def model(self, alpha: Tensor) -> Tensor:
        """Return (B, 4, H - 2, W - 2): each window's affine model, three slopes and the offset."""
        means = _means(torch.cat([alpha, self.image * alpha], dim=1))
        mean, product = means[:, :1], means[:, 1:]
        slope = self._times(product - self.mean * mean)
        offset = mean - (slope * self.mean).sum(dim=1, keepdim=True)
        return torch.cat([slope, offset], dim=1)

    def times(self, alpha: Tensor) -> Tensor:
        """Return L·alpha, (B, 1, H, W)."""
        spread = 9 * _spread(self.model(alpha))
        fitted = (spread[:, :3] * self.image).sum(dim=1, keepdim=True) + spread[:, 3:]
        return self.count * alpha - fitted


def _means(x: Tensor) -> Tensor:
    """Return the means of the 3 × 3 windows that lie wholly inside."""
    x = x[:, :, :-2] + x[:, :, 1:-1] + x[:, :, 2:]
    return (x[:, :, :, :-2] + x[:, :, :, 1:-1] + x[:, :, :, 2:]) * (1 / 9)


def _spread(x: Tensor) -> Tensor:
    """Return a ninth of what the windows give each pixel they hold; transposes `_means`."""
    return _means(F.pad(x, (2, 2, 2, 2)))


def solve(laplacian: Laplacian, guess: Tensor, free: Tensor, steps: int) -> Tensor:
    """Minimise αᵀLα over the free pixels by Jacobi-preconditioned conjugate gradients."""
    scale = free / laplacian.diagonal
    alpha = guess
    residual = -free * laplacian.times(alpha)
    ahead = scale * residual
    direction = ahead
    energy = (residual * ahead).sum(dim=(1, 2, 3), keepdim=True)
    for step in range(steps):
        image = free * laplacian.times(direction)
        curvature = (direction * image).sum(dim=(1, 2, 3), keepdim=True)
        length = energy / (curvature + 1e-9)
        alpha = alpha + length * direction
        if step + 1 == steps:
            break
        residual = residual - length * image
        ahead = scale * residual
        before, energy = energy, (residual * ahead).sum(dim=(1, 2, 3), keepdim=True)
        direction = ahead + energy / (before + 1e-9) * direction
    return alpha


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
