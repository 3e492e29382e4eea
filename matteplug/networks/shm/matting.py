"""M-Net: alpha in the unknown area, from the picture and T-Net's three maps (section 4.2)."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from matteplug.networks.backbones.vgg import UnpoolingDecoder, VggEncoder, convolution

INPUT = 3 + 3
"""Channels: the picture, and the three maps."""


class MNet(nn.Module):
    """Deep Image Matting's encoder-decoder with batch norm, four pools and no conv6.

    Args:
        widths: channels of the encoder's five groups.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.encoder = VggEncoder(INPUT, widths, batch_norm=True, pools=4)
        steps = pairwise((widths[4], *reversed(widths[:4])))
        self.decoder = UnpoolingDecoder(
            [nn.Sequential(*convolution(i, o, 5, batch_norm=True)) for i, o in steps]
        )
        first = widths[0]
        self.predict = nn.Sequential(
            *convolution(first, first, 5, batch_norm=True), nn.Conv2d(first, 1, 5, padding=2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the logit of α_r, (B, 1, H, W), of (B, 6, H, W)."""
        logit: Tensor = self.predict(self.decoder(*self.encoder(x)))
        return logit


class LightMNet(nn.Module):
    """Four convolutions and pools, and as many convolutions and transposed ones.

    Args:
        widths: channels of the encoder's four steps.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, o in pairwise((INPUT, *widths)):
            layers += [*_normed(i, o), nn.MaxPool2d(3, stride=2, padding=1)]
        for i, o in pairwise((widths[-1], *reversed(widths))):
            grow = nn.ConvTranspose2d(o, o, 5, stride=2, padding=2, output_padding=1, bias=False)
            layers += [*_normed(i, o), grow]
        layers.append(nn.Conv2d(widths[0], 1, 5, padding=2, bias=False))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logit of α_r, (B, 1, H, W), of (B, 6, H, W)."""
        logit: Tensor = self.layers(x)
        return logit


def _normed(channels: int, out: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, out, 3, padding=1, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    ]
