"""The graph that hosts run: 0–255 in, alpha out, at any size in bounded work."""

from __future__ import annotations

from torch import Tensor, nn

from matteplug.networks.modnet.model import MULTIPLE, Modnet
from matteplug.networks.ops.resizing import larger, shrink, smaller

LONGEST = 4
"""How many times `side_px` the network's longer side is at most, whatever the picture's shape."""


class ModnetGraph(nn.Module):
    """Size rule, network, and the way back to the picture's size.

    The instance norms make the result depend on the whole picture: it is resized, never padded.

    Args:
        model: put in eval mode.
    """

    def __init__(self, model: Modnet) -> None:
        super().__init__()
        self.model = model.eval()

    def forward(self, image: Tensor) -> Tensor:
        """Compute the matte.

        =====  ============  =======  =============
        name   shape         dtype    range
        =====  ============  =======  =============
        image  (B, 3, H, W)  float32  0 to 255, RGB
        alpha  (B, 1, H, W)  float32  0 to 1
        =====  ============  =======  =============
        """
        height, width = image.shape[2:]
        sides = fitted(height, width, self.model.config.side_px)
        alpha: Tensor = self.model(shrink(image / 255, *sides))
        return shrink(alpha, height, width).clamp(0, 1)


def fitted(height: int, width: int, side_px: int) -> tuple[int, int]:
    """Return the size that the network sees, by the rule of the public code.

    Where the longer side is below `side_px` or the shorter above, the shorter becomes `side_px`;
    both are rounded down to multiples of 32.

    Decided: the longer side is at most `LONGEST` times `side_px`, since a strip would not fit into
    memory; resizing is bilinear with smoothing where the public code averages areas, which is not
    possible at free sizes in ONNX.
    """
    shorter, longer = smaller(height, width), larger(height, width)
    too_large = smaller(larger(shorter - side_px, 0), 1)
    too_small = smaller(larger(side_px - longer, 0), 1)
    resized = too_large + too_small  # 1 where the shorter side becomes side_px, else 0
    numerator = shorter + resized * (side_px - shorter)
    return _side(height, numerator, shorter, side_px), _side(width, numerator, shorter, side_px)


def _side(side: int, numerator: int, denominator: int, side_px: int) -> int:
    scaled = smaller(side * numerator // denominator, LONGEST * side_px)
    return MULTIPLE * larger(scaled // MULTIPLE, 1)
