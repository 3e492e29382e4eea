"""The matting Laplacian as an operator on a batch of images, never built as a matrix.

Closed-form matting (Levin, Lischinski, Weiss, "A closed form solution to natural image matting",
2008) wants alpha to be an affine function of the colours in every 3 × 3 window; what deviates is
αᵀLα (equation 12).  He, Sun, Tang ("Fast matting using large kernel matting Laplacian matrices",
2010, section 4) get L·p from box filters: fit p in each window, and take from each pixel what the
windows that hold it predict.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


class Laplacian:
    """The matting Laplacian of a batch of images; the windows lie wholly inside the image.

    Args:
        image: (B, 3, H, W), [0, 1]; H and W at least 3.
        epsilon: added to the windows' colour variances.

    Attributes:
        diagonal: (B, 1, H, W), the matrix's diagonal.
    """

    def __init__(self, image: Tensor, epsilon: float) -> None:
        image = image - 0.5  # smaller numbers, smaller rounding
        self._count = window_sums(torch.ones_like(image[:, :1, 2:, 2:]))
        self._colours = torch.cat([image, torch.ones_like(image[:, :1])], dim=1)
        self._mean = window_means(image)
        self._inverse = self._inverse_covariance(image, epsilon)  # (B, 3, 3, H - 2, W - 2)
        self.diagonal = self._diagonal(image)

    def _inverse_covariance(self, image: Tensor, epsilon: float) -> Tensor:
        # By LDLᵀ, not by cofactors: where a window's colours lie on a line the determinant cancels
        # to noise in float32, and L would lose its definiteness and conjugate gradients their way.
        r, g, b = image.chunk(3, dim=1)
        products = window_means(torch.cat([image * r, image[:, 1:] * g, b * b], dim=1))
        r, g, b = self._mean.chunk(3, dim=1)
        products = products - torch.cat([self._mean * r, self._mean[:, 1:] * g, b * b], dim=1)
        rr, rg, rb, gg, gb, bb = products.chunk(6, dim=1)
        d0 = rr.clamp(min=0) + epsilon
        l10, l20 = rg / d0, rb / d0
        d1 = (gg - l10 * rg).clamp(min=0) + epsilon
        l21 = (gb - l10 * rb) / d1
        d2 = (bb - l20 * rb - l21 * l21 * d1).clamp(min=0) + epsilon
        one, none = torch.ones_like(d0), torch.zeros_like(d0)
        rows = (
            torch.cat([one, none, none], dim=1) * d0.rsqrt(),
            torch.cat([-l10, one, none], dim=1) * d1.rsqrt(),
            torch.cat([l10 * l21 - l20, -l21, one], dim=1) * d2.rsqrt(),
        )  # of the whitening D^-1/2 L^-1
        inverse = rows[0].unsqueeze(1) * rows[0].unsqueeze(2)
        for row in rows[1:]:
            inverse = inverse + row.unsqueeze(1) * row.unsqueeze(2)
        return inverse

    def _diagonal(self, image: Tensor) -> Tensor:
        # The sum over windows of 1 - (1 + (I - μ)ᵀ Σ⁻¹ (I - μ)) / 9, multiplied out.
        weighted = (self._inverse * self._mean.unsqueeze(1)).sum(dim=2)
        constant = (weighted * self._mean).sum(dim=1, keepdim=True)
        sums = window_sums(torch.cat([self._inverse.flatten(1, 2), weighted, constant], dim=1))
        products = (image.unsqueeze(1) * image.unsqueeze(2)).flatten(1, 2)
        distances = (
            (sums[:, :9] * products).sum(dim=1, keepdim=True)
            - 2 * (sums[:, 9:12] * image).sum(dim=1, keepdim=True)
            + sums[:, 12:]
        )
        # The sum suffers cancellation; a true entry is seldom below 0.05.
        return ((8 * self._count - distances) / 9).clamp(min=0.05)

    def times(self, alpha: Tensor) -> Tensor:
        """Return L·alpha, (B, 1, H, W)."""
        predicted = (window_sums(self._fit(alpha)) * self._colours).sum(dim=1, keepdim=True)
        return self._count * alpha - predicted

    def model(self, alpha: Tensor) -> Tensor:
        """Return (B, 4, H, W): three slopes and the offset that give alpha from colours less 0.5.

        The means over the windows that hold a pixel (He, Sun, Tang, "Guided image filtering", 2013,
        equation 8).
        """
        return window_sums(self._fit(alpha)) / self._count

    def _fit(self, alpha: Tensor) -> Tensor:
        means = window_means(self._colours * alpha)
        mean = means[:, 3:]
        covariance = means[:, :3] - self._mean * mean
        slope = (self._inverse * covariance.unsqueeze(1)).sum(dim=2)
        offset = mean - (slope * self._mean).sum(dim=1, keepdim=True)
        return torch.cat([slope, offset], dim=1)


def window_means(x: Tensor) -> Tensor:
    """Return (B, C, H - 2, W - 2): the means of the 3 × 3 windows of (B, C, H, W)."""
    # Measured: ONNX Runtime pools in a quarter of the time of the sums, torch in six times.
    if torch.compiler.is_exporting():
        return F.avg_pool2d(x, 3, 1)
    x = x[:, :, :-2] + x[:, :, 1:-1] + x[:, :, 2:]
    return (x[:, :, :, :-2] + x[:, :, :, 1:-1] + x[:, :, :, 2:]) * (1 / 9)


def window_sums(x: Tensor) -> Tensor:
    """Return (B, C, H + 2, W + 2): at each pixel the sum over the windows that hold it."""
    return 9 * window_means(F.pad(x, (2, 2, 2, 2)))
