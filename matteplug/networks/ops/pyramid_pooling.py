"""Pyramid pooling (Zhao et al., PSPNet, CVPR 2017), in arithmetic that exports at any size."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from matteplug.networks.ops.resizing import like

BINS = (1, 2, 3, 6)


class PyramidPooling(nn.Module):
    """Means over grids of several sizes, each convolved, enlarged and joined to the input.

    Args:
        channels: of the input.
        out: of each grid's features.
        finish: makes what follows each 1×1 convolution, from the number of channels.
        bins: sides of the grids.
    """

    def __init__(
        self,
        channels: int,
        out: int,
        finish: Callable[[int], list[nn.Module]],
        bins: tuple[int, ...] = BINS,
    ) -> None:
        super().__init__()
        self.bins = bins
        self.levels = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, out, 1), *finish(out)) for _ in bins
        )
        self.channels = channels + len(bins) * out

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, channels, H, W) to (B, self.channels, H, W)."""
        pooled = [
            like(level(grid_means(x, n)), x)
            for level, n in zip(self.levels, self.bins, strict=True)
        ]
        return torch.cat((x, *pooled), dim=1)


def grid_means(x: Tensor, bins: int) -> Tensor:
    """Return the means over a grid, (B, C, bins, bins): what adaptive average pooling gives.

    As two matrix products, since ONNX has no such pooling at free sizes.
    """
    height, width = x.shape[2:]
    return _averaging(height, bins, x) @ x @ _averaging(width, bins, x).mT


def _averaging(side: int, bins: int, like_: Tensor) -> Tensor:
    """Return (bins, side): row i averages the pixels from ⌊i·side/bins⌋ to ⌈(i + 1)·side/bins⌉."""
    pixel = torch.arange(side, device=like_.device)[None]  # (1, side)
    cell = torch.arange(bins, device=like_.device)[:, None]  # (bins, 1)
    first, end = cell * side // bins, ((cell + 1) * side + bins - 1) // bins
    inside = ((pixel >= first) & (pixel < end)).to(like_.dtype)
    return inside / inside.sum(dim=1, keepdim=True)
