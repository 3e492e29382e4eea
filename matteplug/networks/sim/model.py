"""Semantic Image Matting: a semantic trimap, and an encoder-decoder that sees it (figure 2)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.backbones.resnet import ResNet
from matteplug.networks.ops.imagenet import normalise
from matteplug.networks.ops.pyramid_pooling import PyramidPooling
from matteplug.networks.ops.resizing import double
from matteplug.networks.sim.classifier import PatternClassifier
from matteplug.networks.sim.config import PATTERNS, SimConfig
from matteplug.networks.sim.layers import StandardisedConv, group_norm, normed

MULTIPLE = 8


class Sim(nn.Module):
    """Image and trimap in, alpha, foreground and background out.

    Args:
        config: the network's numbers; `config.PAPER`.
    """

    semantic: Tensor

    def __init__(self, config: SimConfig) -> None:
        super().__init__()
        self.config = config
        context, (half, full, last) = config.context, config.fine
        self.classifier = PatternClassifier(4, config.classifier)
        # 0 until a classifier was trained: without its scores this is a plain trimap network
        self.register_buffer("semantic", torch.tensor(0.0))
        self.encoder = ResNet(
            config.layers,
            channels=3 + 3 + len(PATTERNS),
            width=config.width,
            output_stride=8,
            convolve=StandardisedConv,
            norm=group_norm,
        )
        f0, f1, _, _, f4 = self.encoder.channels
        self.pyramid = PyramidPooling(
            f4, context, lambda channels: [group_norm(channels), nn.LeakyReLU(inplace=True)]
        )
        self.join8 = nn.Sequential(normed(self.pyramid.channels, context), normed(context, context))
        self.join4 = normed(context + f1, context)
        self.join2 = normed(context + f0, half)
        outputs = nn.Conv2d(last, 1 + 3 + 3, 1)
        nn.init.constant_(cast(Tensor, outputs.bias)[:1], 0.5)  # so that alpha is not clamped
        self.predict = nn.Sequential(
            nn.Conv2d(half + 4, full, 3, padding=1),
            nn.LeakyReLU(inplace=True),
            nn.Conv2d(full, last, 3, padding=1),
            nn.LeakyReLU(inplace=True),
            outputs,
        )
        self.weigh = nn.Linear(context, 2)

    def forward(self, image: Tensor, trimap: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the matte of inputs as for `heads`.

        Returns:
            Alpha (B, 1, H, W), exactly 0 and 1 in the known area, and foreground (B, 3, H, W), both
            in [0, 1].
        """
        heads = self.heads(image, trimap)
        known = trimap.unsqueeze(1)
        alpha = heads["alpha"]
        alpha = torch.where(known == 0, torch.zeros_like(alpha), alpha)
        return torch.where(known == 255, torch.ones_like(alpha), alpha), heads["foreground"]

    def heads(self, image: Tensor, trimap: Tensor) -> dict[str, Tensor]:
        """Compute what the losses act on.

        Args:
            image: (B, 3, H, W) float in [0, 1]; H and W multiples of 8.
            trimap: (B, H, W), 0 background, 128 unknown, 255 foreground.

        Returns:
            "alpha" (B, 1, H, W), "foreground" and "background" (B, 3, H, W), in [0, 1]; "scores"
            (B, 20, H, W) of the patterns; "weights" (B, 2), positive, of the learnt regularisation
            (section 3.4); all float32.

        Raises:
            ValueError: a side is not a multiple of 8.
        """
        height, width = image.shape[2:]
        if not torch.compiler.is_exporting() and (height % MULTIPLE or width % MULTIPLE):
            raise ValueError(f"sides must be multiples of {MULTIPLE}, not {height}×{width}")
        normalised, guide = normalise(image), trimap.unsqueeze(1)
        background, foreground = (guide == 0).to(image.dtype), (guide == 255).to(image.dtype)
        unknown = 1 - background - foreground
        with torch.no_grad():
            seen = torch.cat((normalised, guide.to(image.dtype) / 255), dim=1)
            scores = self.semantic * self.classifier.scores(seen, unknown)
        x = torch.cat((normalised, background, unknown, foreground, scores), dim=1)
        f0, f1, _, _, f4 = self.encoder(x)
        context = self.join8(self.pyramid(f4))
        x = self.join4(torch.cat((double(context), f1), dim=1))
        x = self.join2(torch.cat((double(x), f0), dim=1))
        x = self.predict(torch.cat((double(x), image, unknown), dim=1)).float()
        return {
            "alpha": x[:, :1].clamp(0, 1),
            "foreground": x[:, 1:4].sigmoid(),
            "background": x[:, 4:].sigmoid(),
            "scores": scores.float(),
            "weights": F.softplus(self.weigh(context.mean(dim=(2, 3))).float()),
        }
