"""Deep Image Matting: an encoder-decoder and a small refinement after it (figure 3)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from matteplug.networks.backbones.vgg import UnpoolingDecoder, VggEncoder, convolution
from matteplug.networks.dim.config import DimConfig
from matteplug.networks.ops.imagenet import normalise

MULTIPLE = 32


class Dim(nn.Module):
    """Image and trimap in, alpha out.

    Args:
        config: the network's numbers; `config.PAPER` or `config.FOAMLIU`.
    """

    def __init__(self, config: DimConfig) -> None:
        super().__init__()
        self.config = config
        first, deepest = config.widths[0], config.widths[-1]
        between = [decoding(i, o, config.batch_norm) for i, o in pairwise(reversed(config.widths))]
        self.encoder = VggEncoder(4, config.widths, batch_norm=config.batch_norm)
        self.conv6 = narrowest(deepest, config.bottleneck)
        self.decoder = UnpoolingDecoder([narrowest(deepest, config.bottleneck), *between])
        if config.batch_norm:
            self.predict = decoding(first, 1, batch_norm=True)
        else:
            last = nn.Conv2d(first, 1, 5, padding=2)
            self.predict = nn.Sequential(*convolution(first, first, 5), last)
        self.refinement = Refinement(config.refined) if config.refined else None

    def forward(self, image: Tensor, trimap: Tensor) -> Tensor:
        """Compute the matte of inputs as for `heads`.

        Returns:
            Alpha (B, 1, H, W) in [0, 1], exactly 0 and 1 in the known area.
        """
        heads = self.heads(image, trimap)
        alpha = heads["refined"] if "refined" in heads else heads["alpha"]
        known = trimap.unsqueeze(1)
        alpha = torch.where(known == 0, torch.zeros_like(alpha), alpha)
        return torch.where(known == 255, torch.ones_like(alpha), alpha)

    def heads(self, image: Tensor, trimap: Tensor) -> dict[str, Tensor]:
        """Compute alpha before and after the refinement, also in the known area.

        Args:
            image: (B, 3, H, W) float in [0, 1]; H and W multiples of 32.
            trimap: (B, H, W), 0 background, 128 unknown, 255 foreground.

        Returns:
            "alpha" and, where the configuration has a refinement, "refined": (B, 1, H, W) float32
            in [0, 1].

        Raises:
            ValueError: a side is not a multiple of 32.
        """
        height, width = image.shape[2:]
        if not torch.compiler.is_exporting() and (height % MULTIPLE or width % MULTIPLE):
            raise ValueError(f"sides must be multiples of {MULTIPLE}, not {height}×{width}")
        normalised = normalise(image)
        guide = trimap.unsqueeze(1).to(image.dtype) / 255
        x, masks = self.encoder(torch.cat((normalised, guide), dim=1))
        logit = self.predict(self.decoder(self.conv6(x), masks)).float()
        heads = {"alpha": logit.sigmoid()}
        if self.refinement is not None:
            refined = self.refinement(normalised, heads["alpha"], logit)
            heads["refined"] = refined.float().sigmoid()
        return heads


class Refinement(nn.Module):
    """Four convolutions that correct what the encoder-decoder blurs (section 4.2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *convolution(4, width, 3),
            *convolution(width, width, 3),
            *convolution(width, width, 3),
            nn.Conv2d(width, 1, 3, padding=1),
        )

    def forward(self, image: Tensor, alpha: Tensor, logit: Tensor) -> Tensor:
        """Return the logit of the refined alpha."""
        correction: Tensor = self.layers(torch.cat((image, alpha), dim=1))
        return logit + correction


def decoding(channels: int, out: int, batch_norm: bool) -> nn.Sequential:
    """Return a 5×5 convolution with either ReLU or batch norm."""
    if not batch_norm:
        return nn.Sequential(*convolution(channels, out, 5))
    return nn.Sequential(nn.Conv2d(channels, out, 5, padding=2), nn.BatchNorm2d(out))


def narrowest(channels: int, bottleneck: bool) -> nn.Sequential:
    """Return conv6 or deconv6, a 1×1 convolution and ReLU, or nothing without a bottleneck."""
    return nn.Sequential(*convolution(channels, channels, 1)) if bottleneck else nn.Sequential()
