"""What MMNet is made of, with TensorFlow's padding and resizing.

"SAME" pads a stride of 2 at even sizes on the right and below only; bilinear resizing takes the
pixel at half the coordinate, without the shift by half a pixel.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPSILON = 1e-3
"""Of the batch norms."""
DROPOUT = 0.1
"""Decided: the public code leaves the rate to a flag."""


class ConvBN(nn.Module):
    """A convolution without bias, batch norm, and ReLU6 unless told otherwise."""

    def __init__(
        self,
        channels: int,
        out: int,
        kernel: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        depthwise: bool = False,
        linear: bool = False,
    ) -> None:
        super().__init__()
        edge = dilation * (kernel // 2)
        self.pad = (0, 1, 0, 1) if stride == 2 else (edge, edge, edge, edge)
        self.conv = nn.Conv2d(
            channels,
            out,
            kernel,
            stride=stride,
            dilation=dilation,
            groups=channels if depthwise else 1,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(out, eps=EPSILON)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W); with stride 2 H and W are even."""
        x = self.norm(self.conv(F.pad(x, self.pad)))
        return x if self.linear else F.relu6(x)


class EncoderBlock(nn.Module):
    """Multi-branch dilated convolution with a linear bottleneck (figure 3, left).

    Args:
        channels: of the input.
        expand: channels of each branch.
        out: of the result.
        rates: dilation of each branch.
        stride: 1 or 2.
        linear: leave the merged features without an activation.
    """

    def __init__(
        self,
        channels: int,
        expand: int,
        out: int,
        rates: tuple[int, ...],
        *,
        stride: int = 1,
        linear: bool = True,
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList()
        for rate in rates:
            layers = [ConvBN(channels, expand, 1)]
            if stride == 2:
                layers.append(ConvBN(expand, expand, 3, stride=2, depthwise=True))
            layers.append(ConvBN(expand, expand, 3, dilation=rate, depthwise=True))
            self.branches.append(nn.Sequential(*layers))
        self.merge = ConvBN(len(rates) * expand, out, 1, linear=linear)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W)."""
        merged = self.merge(torch.cat([branch(x) for branch in self.branches], dim=1))
        result: Tensor = self.dropout(merged)
        return result


class DecoderBlock(nn.Module):
    """Narrow, enlarge, and join a feature of the encoder (figure 3, right).

    Args:
        channels: of the input.
        out: channels that are enlarged.
        shortcut: channels of the encoder's feature; 0 for none.
        kept: channels that are kept of it.
        doublings: how often the size is doubled.
    """

    def __init__(
        self, channels: int, out: int, *, shortcut: int = 0, kept: int = 0, doublings: int = 1
    ) -> None:
        super().__init__()
        self.narrow = ConvBN(channels, out, 1)
        self.doublings = doublings
        if shortcut:
            self.shortcut = nn.Sequential(
                ConvBN(shortcut, shortcut, 3, depthwise=True), ConvBN(shortcut, kept, 1)
            )

    def forward(self, x: Tensor, feature: Tensor | None = None) -> Tensor:
        """Enlarge (B, C, H, W)."""
        x = self.narrow(x)
        for _ in range(self.doublings):
            x = double(x)
        return x if feature is None else torch.cat((x, self.shortcut(feature)), dim=1)


def double(x: Tensor) -> Tensor:
    """Return (B, C, 2H, 2W): the pixels, between them means of neighbours, the last repeated."""
    x = _double_rows(x.mT).mT
    return _double_rows(x)


def _double_rows(x: Tensor) -> Tensor:
    following = torch.cat((x[..., 1:], x[..., -1:]), dim=-1)
    return torch.stack((x, (x + following) / 2), dim=-1).flatten(-2)
