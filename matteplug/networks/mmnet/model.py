"""MMNet: multi-branch dilated encoder blocks and a light decoder (figure 2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from matteplug.networks.backbones.mobilenetv2 import rounded
from matteplug.networks.mmnet.config import MmnetConfig
from matteplug.networks.mmnet.layers import ConvBN, DecoderBlock, EncoderBlock

MULTIPLE = 16


class Mmnet(nn.Module):
    """Portrait in, alpha out.

    Args:
        config: the network's numbers; one of `config.CONFIGS`.
    """

    def __init__(self, config: MmnetConfig) -> None:
        super().__init__()
        self.config = config
        c16, c24, c32, c40, c64, c80, c120 = (
            rounded(c * config.width) for c in (16, 24, 32, 40, 64, 80, 120)
        )
        self.stem = ConvBN(3, c32, 3, stride=2)
        self.encoder = nn.ModuleList(
            [
                EncoderBlock(c32, c16, c16, (1, 2, 4, 8), stride=2),  # 1/4
                EncoderBlock(c16, c16, c24, (1, 2, 4, 8)),
                EncoderBlock(c24, c24, c24, (1, 2, 4, 8)),
                EncoderBlock(c24, c24, c24, (1, 2, 4, 8)),
                EncoderBlock(c24, c32, c40, (1, 2, 4), stride=2),  # 1/8
                EncoderBlock(c40, c64, c40, (1, 2, 4)),
                EncoderBlock(c40, c64, c40, (1, 2, 4)),
                EncoderBlock(c40, c64, c40, (1, 2, 4)),
                EncoderBlock(c40, c80, c80, (1, 2), stride=2),  # 1/16
                EncoderBlock(c80, c120, c80, (1, 2), linear=False),
            ]
        )
        self.up8 = DecoderBlock(c80, c64, shortcut=c40, kept=c64)
        self.up4 = DecoderBlock(2 * c64, c40, shortcut=c16, kept=c40)
        self.enhance = nn.Sequential(
            EncoderBlock(2 * c40, c40, c40, (1, 2, 4)), EncoderBlock(c40, c40, c40, (1, 2, 4))
        )
        self.up1 = DecoderBlock(c40, c16, doublings=2)
        self.final = nn.Conv2d(c16, 2, 1)
        self.auxiliary = nn.Conv2d(c80, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return alpha (B, 1, H, W) in [0, 1] of an image as for `heads`."""
        return self.heads(image)["alpha"]

    def heads(self, image: Tensor) -> dict[str, Tensor]:
        """Compute what the losses act on.

        Args:
            image: (B, 3, H, W) float in [0, 1]; H and W multiples of 16.

        Returns:
            "logits" (B, 2, H, W) of background and foreground, "alpha" (B, 1, H, W) in [0, 1], and
            "auxiliary" (B, 2, H/16, W/16), logits again; all float32.

        Raises:
            ValueError: a side is not a multiple of 16.
        """
        height, width = image.shape[2:]
        if not torch.compiler.is_exporting() and (height % MULTIPLE or width % MULTIPLE):
            raise ValueError(f"sides must be multiples of {MULTIPLE}, not {height}×{width}")
        x = self.stem(image)
        features = []
        for block in self.encoder:
            x = block(x)
            features.append(x)
        y = self.up8(x, features[4])
        y = self.up4(y, features[0])
        y = self.up1(self.enhance(y))
        logits = self.final(y).float()
        # the softmax of two classes is the sigmoid of their difference
        alpha = (logits[:, 1:] - logits[:, :1]).sigmoid()
        return {"logits": logits, "alpha": alpha, "auxiliary": self.auxiliary(x).float()}
