"""Semantic Human Matting: T-Net's trimap, M-Net's alpha, and their fusion (figure 3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from matteplug.networks.ops.imagenet import normalise
from matteplug.networks.shm.config import ShmConfig
from matteplug.networks.shm.matting import LightMNet, MNet
from matteplug.networks.shm.segmentation import LightTNet, PspTNet

MULTIPLE = 16


class Shm(nn.Module):
    """Picture of a person in, alpha out.

    Args:
        config: the network's numbers; `config.PAPER` or `config.COMPACT`.
    """

    def __init__(self, config: ShmConfig) -> None:
        super().__init__()
        self.config = config
        self.tnet: nn.Module
        self.mnet: nn.Module
        if config.light:
            self.tnet = LightTNet(config.width)
            self.mnet = LightMNet(config.matting)
        else:
            self.tnet = PspTNet(config.layers, config.width, config.pyramid)
            self.mnet = MNet(config.matting)

    def forward(self, image: Tensor) -> Tensor:
        """Return alpha (B, 1, H, W) in [0, 1] of an image as for `heads`."""
        return self.heads(image)["alpha"]

    def heads(self, image: Tensor, areas: Tensor | None = None) -> dict[str, Tensor]:
        """Compute what the losses act on.

        Args:
            image: (B, 3, H, W) float in [0, 1]; H and W multiples of 16.
            areas: (B, 3, H, W), probabilities of background, unknown and foreground, to train M-Net
                alone; by default those of T-Net.

        Returns:
            "logits" (B, 3, H, W) of T-Net, "detail" (B, 1, H, W), M-Net's α_r, and "alpha", the
            fusion α_p = F_s + U_s·α_r (equation 5); float32, alphas in [0, 1].

        Raises:
            ValueError: a side is not a multiple of 16.
        """
        height, width = image.shape[2:]
        if not torch.compiler.is_exporting() and (height % MULTIPLE or width % MULTIPLE):
            raise ValueError(f"sides must be multiples of {MULTIPLE}, not {height}×{width}")
        normalised = normalise(image)
        logits = self.tnet(normalised).float()
        if areas is None:
            areas = logits.softmax(dim=1)
        detail = self.mnet(torch.cat((normalised, areas), dim=1)).float().sigmoid()
        unknown, foreground = areas[:, 1:2], areas[:, 2:]
        return {"logits": logits, "detail": detail, "alpha": foreground + unknown * detail}
