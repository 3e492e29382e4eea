"""The graph that hosts run: 0–255 in, alpha and foreground out, at any size."""

from __future__ import annotations

from torch import Tensor, nn

from matteplug.networks.background_matting_v2.model import MULTIPLE, BackgroundMattingV2
from matteplug.networks.ops.padding import replicate_to_multiple
from matteplug.networks.ops.resizing import larger, smaller

SMALL_PX, LARGE_PX = 500_000, 3_000_000
"""Pixels of pictures below which the base network works at a half, and above which at an eighth."""


class BackgroundMattingV2Graph(nn.Module):
    """Padding, the base network's scale, network.

    Args:
        model: put in eval mode.
    """

    def __init__(self, model: BackgroundMattingV2) -> None:
        super().__init__()
        self.model = model.eval()

    def forward(self, image: Tensor, plate: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the matte.

        ==========  ============  =======  ========================================
        name        shape         dtype    range
        ==========  ============  =======  ========================================
        image       (B, 3, H, W)  float32  0 to 255, RGB
        plate       (B, 3, H, W)  float32  0 to 255, RGB, registered to the image
        alpha       (B, 1, H, W)  float32  0 to 1
        foreground  (B, 3, H, W)  float32  0 to 1, straight colours
        ==========  ============  =======  ========================================
        """
        height, width = image.shape[2:]
        padded = [replicate_to_multiple(x / 255, MULTIPLE) for x in (image, plate)]
        alpha, foreground = self.model(*padded, divisor=divisor(*padded[0].shape[2:]))
        return alpha[:, :, :height, :width], foreground[:, :, :height, :width]


def divisor(height: int, width: int) -> int:
    """Return how much smaller the base network's picture is: 2, 4 or 8 times."""
    area = height * width
    return 2 + 2 * _exceeds(area, SMALL_PX) + 4 * _exceeds(area, LARGE_PX)


def _exceeds(area: int, limit: int) -> int:
    """Return 1 where `area` exceeds `limit`, else 0, in arithmetic that exports."""
    return smaller(larger(area - limit, 0), 1)
