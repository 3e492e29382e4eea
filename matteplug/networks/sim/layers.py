"""Group norm and standardised weights, which train in small batches."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

GROUPS = 32
EPSILON = 1e-5


class StandardisedConv(nn.Conv2d):
    """A convolution whose filters have mean 0 and variance 1 (Qiao et al., 2019)."""

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W)."""
        weight = self.weight - self.weight.mean(dim=(1, 2, 3), keepdim=True)
        variance = weight.square().mean(dim=(1, 2, 3), keepdim=True)
        weight = weight / (variance + EPSILON).sqrt()
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


def group_norm(channels: int) -> nn.Module:
    """Return the norm of 32 groups, or of pairs of channels where there are few."""
    return nn.GroupNorm(min(GROUPS, channels // 2), channels)


def normed(channels: int, out: int) -> nn.Sequential:
    """Return a 3×3 convolution that keeps the size, group norm and leaky ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, out, 3, padding=1, bias=False),
        group_norm(out),
        nn.LeakyReLU(inplace=True),
    )
