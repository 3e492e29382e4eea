"""MobileNetV2 (Sandler et al., CVPR 2018), its features at five scales."""

from __future__ import annotations

from torch import Tensor, nn

BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Table 2: expansion, channels, blocks and the first block's stride of each stage."""

TAPS = (1, 3, 6, 13)
"""After which of `features` the resolution is halved: 16, 24, 32 and 96 channels."""


class MobileNetV2(nn.Module):
    """Inverted residuals; returns a feature map per scale.

    Args:
        channels: of the input.
        width: factor of all channel counts, which are rounded to multiples of 8.
        last: append the 1×1 convolution to 1280 channels.
        dilated: keep the last stages at 1/16: their stride becomes a dilation of 2.
        stem_stride: of the first convolution; with 1 every scale is twice as large.
    """

    def __init__(
        self,
        channels: int = 3,
        *,
        width: float = 1.0,
        last: bool = True,
        dilated: bool = False,
        stem_stride: int = 2,
    ) -> None:
        super().__init__()
        stem = rounded(32 * width)
        layers: list[nn.Module] = [ConvBNReLU6(channels, stem, 3, stride=stem_stride)]
        inner = stem
        counts = []
        for expansion, out, depth, first_stride in BLOCKS:
            for number in range(depth):
                stride, dilation = first_stride if number == 0 else 1, 1
                if dilated and out >= 160:
                    # the block whose stride is dropped sees undilated features
                    dilation = 1 if stride == 2 else 2
                    stride = 1
                outer = rounded(out * width)
                layers.append(InvertedResidual(inner, outer, expansion, stride, dilation))
                inner = outer
                counts.append(inner)
        if last:
            inner = rounded(1280 * max(1.0, width))
            layers.append(ConvBNReLU6(counts[-1], inner, 1))
        self.features = nn.Sequential(*layers)
        self.channels = (*(counts[tap - 1] for tap in TAPS), inner)
        """Channels of the features that `forward` returns."""

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return five features of (B, C, H, W), at 1/2, 1/4, 1/8, 1/16 and 1/32."""
        taken = []
        for number, layer in enumerate(self.features):
            x = layer(x)
            if number in TAPS:
                taken.append(x)
        return [*taken, x]


class ConvBNReLU6(nn.Sequential):
    """A convolution without bias, batch norm, ReLU6."""

    def __init__(
        self,
        channels: int,
        out: int,
        kernel: int,
        *,
        stride: int = 1,
        groups: int = 1,
        dilation: int = 1,
    ) -> None:
        super().__init__(
            nn.Conv2d(
                channels,
                out,
                kernel,
                stride=stride,
                padding=dilation * (kernel // 2),
                dilation=dilation,
                groups=groups,
                bias=False,
            ),
            nn.BatchNorm2d(out),
            nn.ReLU6(inplace=True),
        )


class InvertedResidual(nn.Module):
    """Expand, filter every channel, project; beside the identity where the shapes allow it."""

    def __init__(
        self, channels: int, out: int, expansion: int, stride: int, dilation: int = 1
    ) -> None:
        super().__init__()
        inner = expansion * channels
        layers: list[nn.Module] = [] if expansion == 1 else [ConvBNReLU6(channels, inner, 1)]
        layers += [
            ConvBNReLU6(inner, inner, 3, stride=stride, groups=inner, dilation=dilation),
            nn.Conv2d(inner, out, 1, bias=False),
            nn.BatchNorm2d(out),
        ]
        self.conv = nn.Sequential(*layers)
        self.residual = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W)."""
        y: Tensor = self.conv(x)
        return x + y if self.residual else y


def rounded(channels: float) -> int:
    """Return the multiple of 8 that is nearest, at least 8 and at most a tenth less (section 6)."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest
