"""What MODNet's branches are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class InstanceBatchNorm(nn.Module):
    """Batch norm over the first half of the channels, instance norm over the rest (IBN).

    The instance norm has no affine weights and the result of both depends on the whole picture.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.batched = channels // 2
        self.bnorm = nn.BatchNorm2d(self.batched)
        self.inorm = nn.InstanceNorm2d(channels - self.batched)

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W)."""
        batched, apart = x[:, : self.batched], x[:, self.batched :]
        return torch.cat((self.bnorm(batched), self.inorm(apart)), dim=1)


class ConvIBNReLU(nn.Sequential):
    """A convolution with bias, IBN, ReLU."""

    def __init__(self, channels: int, out: int, kernel: int, *, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels, out, kernel, stride=stride, padding=kernel // 2),
            InstanceBatchNorm(out),
            nn.ReLU(inplace=True),
        )


class SqueezeExcitation(nn.Module):
    """Weigh the channels by what their means say (Hu et al., CVPR 2018)."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        inner = channels // reduction
        self.excite = nn.Sequential(
            nn.Linear(channels, inner, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(inner, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W)."""
        weights: Tensor = self.excite(x.mean(dim=(2, 3)))
        return x * weights[:, :, None, None]
