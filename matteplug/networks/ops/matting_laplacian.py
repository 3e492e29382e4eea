"""The matting Laplacian as an operator on a batch of images: a 5 × 5 stencil that varies by pixel.

Closed-form matting (Levin, Lischinski, Weiss, "A closed form solution to natural image matting",
2008) models alpha as an affine function of the colours in every 3 × 3 window; the deviation is
αᵀLα.  A window k binds two of its pixels i, j by (1 + (Iᵢ - μₖ)ᵀ (Σₖ + ε)⁻¹ (Iⱼ - μₖ)) / 9
(equation 12).  He, Sun, Tang ("Fast matting using large kernel matting Laplacian matrices", 2010,
section 4) get L·p from box filters instead; for windows this small the stencil is as fast, and
float32 does not drown a small ε in differences of large means.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

_PLACES = [(y, x) for y in range(3) for x in range(3)]  # in a window
_OFFSETS = [(y, x) for y in range(-2, 3) for x in range(-2, 3) if (y, x) != (0, 0)]
_PAIRS = [(i, j) for i in range(9) for j in range(i + 1, 9)]  # of places


class Laplacian:
    """The matting Laplacian of a batch of images; the windows lie wholly inside the image.

    Args:
        image: (B, 3, H, W), [0, 1]; H and W at least 3.
        epsilon: added to the windows' colour variances.

    Attributes:
        diagonal: (B, 1, H, W), the matrix's diagonal.
    """

    def __init__(self, image: Tensor, epsilon: float) -> None:
        channels = (image - 0.5).contiguous().chunk(3, dim=1)
        windows = [_windows(channel) for channel in channels]
        means = [window.mean(dim=1, keepdim=True) for window in windows]
        r, g, b = (window - mean for window, mean in zip(windows, means, strict=True))
        self._mean = torch.cat(means, dim=1)  # (B, 3, H - 2, W - 2)
        # Decorrelate the colours, Σ + ε = L D Lᵀ: the inverse by cofactors would be noise in
        # float32 where a window's colours lie on a line.
        d0 = _product(r, r) + epsilon
        self._l10, self._l20 = _product(r, g) / d0, _product(r, b) / d0
        g = g - self._l10 * r
        b = b - self._l20 * r
        d1 = _product(g, g) + epsilon * (1 + self._l10 * self._l10)
        self._l21 = (_product(g, b) + epsilon * self._l10 * self._l20) / d1
        b = b - self._l21 * g
        l20 = self._l20 - self._l10 * self._l21  # of L⁻¹
        d2 = _product(b, b) + epsilon * (1 + l20 * l20 + self._l21 * self._l21)
        self._scale = torch.cat([d0, d1, d2], dim=1).rsqrt()
        self._white = torch.stack([r, g, b], dim=1) * self._scale.unsqueeze(2)  # (B, 3, 9, …)
        self._weights = self._stencil()  # (B, 24, H, W)
        self.diagonal = _total(self._weights)

    def _stencil(self) -> Tensor:
        """Return (B, 24, H, W): the bonds of each pixel with its neighbours at `_OFFSETS`."""
        r, g, b = self._white.unbind(dim=1)
        if not torch.compiler.is_exporting():
            return _scattered(r, g, b)
        products = [
            r[:, i : i + 1] * r[:, i + 1 :]
            + g[:, i : i + 1] * g[:, i + 1 :]
            + b[:, i : i + 1] * b[:, i + 1 :]
            for i in range(8)
        ]
        bonds = (1 + torch.cat(products, dim=1)) / 9  # (B, 36, H - 2, W - 2), by _PAIRS
        return F.conv2d(bonds, _SCATTER.to(bonds), padding=2)

    def times(self, alpha: Tensor) -> Tensor:
        """Return L·alpha, (B, 1, H, W).

        The gradient reaches alpha; the matrix counts as constant.
        """
        if torch.compiler.is_exporting():  # one node of the graph instead of fifty, and as fast
            neighbours = _take(alpha, _TAKE_NEIGHBOURS, border=2)
            return self.diagonal * alpha - _total(self._weights * neighbours)
        product: Tensor = _Multiplied.apply(alpha, self.diagonal, self._weights)  # type: ignore[no-untyped-call]
        return product

    def model(self, alpha: Tensor) -> Tensor:
        """Return (B, 4, H, W): three slopes and the offset that give alpha from colours less 0.5.

        The means over the windows that hold a pixel (He, Sun, Tang, "Guided image filtering", 2013,
        equation 8).
        """
        window = _windows(alpha)
        mean = window.mean(dim=1, keepdim=True)
        white = (self._white * (window - mean).unsqueeze(1)).mean(dim=2) * self._scale
        x, y, z = white.chunk(3, dim=1)
        y = y - self._l21 * z
        x = x - self._l10 * y - self._l20 * z
        slope = torch.cat([x, y, z], dim=1)
        offset = mean - (slope * self._mean).sum(dim=1, keepdim=True)
        fits = torch.cat([slope, offset, torch.ones_like(offset)], dim=1)
        sums = F.avg_pool2d(F.pad(fits, (2, 2, 2, 2)), 3, 1)
        return sums[:, :4] / sums[:, 4:]


def _scattered(r: Tensor, g: Tensor, b: Tensor) -> Tensor:
    """Return the stencil, each pair's bond added in place to both of its pixels."""
    height, width = r.shape[2:]
    stencil = r.new_zeros(r.shape[0], len(_OFFSETS), height + 2, width + 2)
    for i, j in _PAIRS:
        bond = (r[:, i] * r[:, j]).addcmul_(g[:, i], g[:, j]).addcmul_(b[:, i], b[:, j])
        bond = bond.add_(1).mul_(1 / 9)
        for here, there in ((i, j), (j, i)):
            (y, x), (v, u) = _PLACES[here], _PLACES[there]
            channel = _OFFSETS.index((v - y, u - x))
            stencil[:, channel, y : y + height, x : x + width].add_(bond)
    return stencil


class _Multiplied(torch.autograd.Function):
    """L·alpha in place, neighbour by neighbour; L is symmetric, so its gradient is L·gradient."""

    @staticmethod
    def forward(ctx: Any, alpha: Tensor, diagonal: Tensor, weights: Tensor) -> Tensor:
        ctx.save_for_backward(diagonal, weights)
        return _multiplied(alpha, diagonal, weights)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return _multiplied(gradient, *ctx.saved_tensors), None, None


def _multiplied(alpha: Tensor, diagonal: Tensor, weights: Tensor) -> Tensor:
    """Return L·alpha, (B, 1, H, W), from L's diagonal and its bonds at `_OFFSETS`."""
    height, width = alpha.shape[2:]
    padded = F.pad(alpha, (2, 2, 2, 2))
    product = diagonal * alpha
    for channel, (y, x) in enumerate(_OFFSETS):
        neighbour = padded[:, :, 2 + y : 2 + y + height, 2 + x : 2 + x + width]
        product.addcmul_(weights[:, channel : channel + 1], neighbour, value=-1)
    return product


def _windows(x: Tensor) -> Tensor:
    """Return (B, 9, H - 2, W - 2): the 3 × 3 windows of (B, 1, H, W)."""
    return _take(x, _TAKE_WINDOW)


def _take(x: Tensor, kernel: Tensor, border: int = 0) -> Tensor:
    """Return the convolution of (B, 1, H, W) with a kernel whose channels hold a single 1.

    The image is padded with `border` zeros first.
    """
    if torch.compiler.is_exporting():  # one node of the graph instead of fifty, and as fast
        return F.conv2d(x, kernel.to(x), padding=border)
    x = F.pad(x, (border, border, border, border))
    size = kernel.shape[-1]
    height, width = x.shape[2] - size + 1, x.shape[3] - size + 1
    places = kernel.flatten(1).argmax(dim=1).tolist()
    corners = [divmod(place, size) for place in places]
    return torch.cat([x[:, :, v : v + height, u : u + width] for v, u in corners], dim=1)


def _total(x: Tensor) -> Tensor:
    """Return (B, 1, H, W): the sum of the channels."""
    if torch.compiler.is_exporting():  # for a sum, ONNX Runtime would reorder the channels first
        return F.conv2d(x, torch.ones(1, x.shape[1], 1, 1).to(x))
    return x.sum(dim=1, keepdim=True)


def _product(a: Tensor, b: Tensor) -> Tensor:
    """Return the windows' mean products."""
    return (a * b).mean(dim=1, keepdim=True)


def _gather_kernel(offsets: list[tuple[int, int]]) -> Tensor:
    """Return (N, 1, size, size): each channel takes the pixel at one offset of a square."""
    low, high = min(offsets)[0], max(offsets)[0]
    steps = range(low, high + 1)
    return torch.tensor([[[[float((y, x) == o) for x in steps] for y in steps]] for o in offsets])


def _scatter_kernel() -> Tensor:
    """Return (24, 36, 3, 3), which brings each pair's bond from its window to both of its pixels.

    The window at k holds the pixels k + place; a convolution reads the padded windows at
    pixel + tap, which is k for tap = 2 - place.
    """
    kernel = torch.zeros(len(_OFFSETS), len(_PAIRS), 3, 3)
    for channel, pair in enumerate(_PAIRS):
        for here, there in (pair, pair[::-1]):
            (y, x), (v, u) = _PLACES[here], _PLACES[there]
            kernel[_OFFSETS.index((v - y, u - x)), channel, 2 - y, 2 - x] = 1
    return kernel


_TAKE_WINDOW = _gather_kernel(_PLACES)
_TAKE_NEIGHBOURS = _gather_kernel(_OFFSETS)
_SCATTER = _scatter_kernel()
