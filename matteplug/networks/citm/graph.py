"""The graph that hosts run: 0–255 in, alpha out, at any size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from matteplug.networks.citm.model import MULTIPLE, Citm
from matteplug.networks.citm.spectral import fold_spectral
from matteplug.networks.ops.padding import replicate_to_multiple


class CitmGraph(nn.Module):
    """Preprocessing, network, refinement and the known area's alpha in one module.

    Args:
        model: changed in place: spectral normalisation is folded, and eval mode set.
    """

    def __init__(self, model: Citm) -> None:
        super().__init__()
        fold_spectral(model)
        self.model = model.eval()

    def forward(self, image: Tensor, trimap: Tensor) -> Tensor:
        """Compute the matte.

        ========  ============  =======  ========================================
        name      shape         dtype    range
        ========  ============  =======  ========================================
        image     (B, 3, H, W)  float32  0 to 255, RGB
        trimap    (B, 1, H, W)  float32  0 background, 128 unknown, 255 foreground
        alpha     (B, 1, H, W)  float32  0 to 1
        ========  ============  =======  ========================================
        """
        height, width = image.shape[2:]
        image = replicate_to_multiple(image, MULTIPLE) / 255
        trimap = replicate_to_multiple(trimap, MULTIPLE)[:, 0]
        areas = (trimap >= 85).to(torch.int64) + (trimap > 170).to(torch.int64)
        alpha: Tensor = self.model(image, areas)
        return alpha[:, :, :height, :width].clamp(0, 1)
