"""The graph that hosts run: 0–255 in, alpha and foreground out, at any size."""

from __future__ import annotations

from torch import Tensor, nn

from matteplug.networks.background_matting.model import OPAQUE, BackgroundMatting
from matteplug.networks.ops.padding import replicate_to_multiple

RAMP = 0.02
"""Width below `OPAQUE` over which colours change from the decoder's to the image's; a hard step
would depend on the last bit of alpha."""
RESIDUAL_THRESHOLD = 0.04
"""Propagation leaves residues: alpha up to this becomes 0, and from its complement on 1."""


class BackgroundMattingGraph(nn.Module):
    """Preprocessing, network and the image's own colours where it is opaque.

    Args:
        model: put in eval mode.
    """

    def __init__(self, model: BackgroundMatting) -> None:
        super().__init__()
        self.model = model.eval()

    def forward(
        self, image: Tensor, plate: Tensor, segmentation: Tensor, motion: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Compute the matte.

        ============  ============  =======  ==================================================
        name          shape         dtype    range
        ============  ============  =======  ==================================================
        image         (B, 3, H, W)  float32  0 to 255, RGB
        plate         (B, 3, H, W)  float32  0 to 255, RGB, registered to the image
        segmentation  (B, 1, H, W)  float32  0 to 255; negative to have it made from the plate
        motion        (B, 4, H, W)  float32  0 to 255, grey frames; only of a network that has it
        alpha         (B, 1, H, W)  float32  0 to 1
        foreground    (B, 3, H, W)  float32  0 to 1, straight colours
        ============  ============  =======  ==================================================
        """
        height, width = image.shape[2:]
        image, plate, segmentation = image / 255, plate / 255, segmentation / 255
        given = [image, plate, segmentation] + ([] if motion is None else [motion / 255])
        padded = [replicate_to_multiple(x, self.model.config.multiple) for x in given]
        alpha, foreground = self.model(*padded)
        if self.model.config.propagation:
            alpha = (alpha - RESIDUAL_THRESHOLD) / (1 - 2 * RESIDUAL_THRESHOLD)
        alpha = alpha[:, :, :height, :width].clamp(0, 1)
        foreground = foreground[:, :, :height, :width].clamp(0, 1)
        image_weight = ((alpha - OPAQUE) / RAMP + 1).clamp(0, 1)
        return alpha, image_weight * image + (1 - image_weight) * foreground
