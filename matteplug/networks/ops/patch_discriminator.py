"""The 70×70 PatchGAN that distinguishes composites from photographs (stage 2)."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

LEAK = 0.2


class PatchDiscriminator(nn.Module):
    """C*64(k4) – C*I128(k4) – C*I256(k4) – CI512(k4), and one number for each patch.

    Args:
        channels: of the picture.
        widths: filters; instance norm in all but the first, stride 2 in all but the last.
    """

    def __init__(
        self, channels: int = 3, widths: tuple[int, int, int, int] = (64, 128, 256, 512)
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(channels, widths[0], 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK, inplace=True),
        ]
        for (i, o), stride in zip(pairwise(widths), (2, 2, 1), strict=True):
            layers += [
                nn.Conv2d(i, o, 4, stride=stride, padding=1),
                nn.InstanceNorm2d(o),
                nn.LeakyReLU(LEAK, inplace=True),
            ]
        layers.append(nn.Conv2d(widths[-1], 1, 4, padding=1))
        self.layers = nn.Sequential(*layers)

    def forward(self, picture: Tensor) -> Tensor:
        """Return (B, 1, h, w), how real each patch of (B, C, H, W) looks; 1 real, 0 composite."""
        judged: Tensor = self.layers(picture)
        return judged
