"""Background matting: image and plate in, alpha and foreground out."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.background_matting.config import CHANNELS, BackgroundMattingConfig
from matteplug.networks.background_matting.cues import differences, segmentation_or_default, still
from matteplug.networks.background_matting.layers import (
    ResidualBlock,
    StridedEncoder,
    output,
    selector,
    up,
)
from matteplug.networks.background_matting.refiner import CompositingRefiner

OPAQUE = 0.95
"""Above this alpha the foreground is the image itself."""


class PlateOutput(NamedTuple):
    """What the losses act on.

    Attributes:
        alpha: (B, 1, H, W), [0, 1]; a `CompositingRefiner` may go a little beyond.
        foreground: (B, 3, H, W), about [0, 1]: the decoder's own colours, also where opaque.
    """

    alpha: Tensor
    foreground: Tensor


class BackgroundMatting(nn.Module):
    """The generator: encoders, context switching block, residual blocks, two decoders.

    Args:
        config: the network's numbers; `config.PAPER` or `config.COMPACT`.
    """

    def __init__(self, config: BackgroundMattingConfig) -> None:
        super().__init__()
        self.config = config
        widths, selected = config.widths, config.selected
        deep = widths[-1]
        self.image_encoder = StridedEncoder(3, widths)
        channels = CHANNELS | ({"plate": 3 * CHANNELS["plate"]} if config.difference else {})
        self.cue_encoders = nn.ModuleDict(
            {c: StridedEncoder(channels[c], widths) for c in config.cues}
        )
        self.selectors = nn.ModuleDict({c: selector(2 * deep, selected) for c in config.cues})
        self.combinator = selector(deep + len(config.cues) * selected, deep)
        self.shared_blocks = blocks(deep, config.shared)
        self.alpha_blocks = blocks(deep, config.apart)
        self.foreground_blocks = blocks(deep, config.apart)

        steps = list(pairwise(reversed(widths)))
        self._to_half = sum(len(up(i, o)) for i, o in steps[:-1])
        self.alpha_decoder = nn.Sequential(
            *(module for i, o in steps for module in up(i, o)), *output(widths[0], 1), nn.Tanh()
        )
        self.foreground_upsampler = nn.Sequential(*(m for i, o in steps[:-1] for m in up(i, o)))
        half = widths[1]
        self.foreground_decoder = nn.Sequential(*up(2 * half, widths[0]), *output(widths[0], 3))
        self.refiner = (
            CompositingRefiner(config.detail, 3 * half, config.propagation)
            if config.detail
            else None
        )

    def forward(
        self, image: Tensor, plate: Tensor, segmentation: Tensor, motion: Tensor | None = None
    ) -> PlateOutput:
        """Compute alpha and foreground.

        Args:
            image: (B, 3, H, W) in [0, 1]; H and W multiples of `config.multiple`.
            plate: (B, 3, H, W) in [0, 1], registered to the image.
            segmentation: (B, 1, H, W) in [0, 1]; negative to have it made from the plate.
            motion: (B, 4, H, W) in [0, 1], grey frames; None for a still.
        """
        segmentation = segmentation_or_default(segmentation, image, plate)
        motion = still(image) if motion is None else motion
        cues = (2 * cue - 1 for cue in (image, plate, segmentation, motion))
        alpha, foreground = self.raw(*cues)
        return PlateOutput((alpha.float() + 1) / 2, (foreground.float() + 1) / 2)

    def raw(
        self, image: Tensor, plate: Tensor, segmentation: Tensor, motion: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Compute alpha (B, 1, H, W) and foreground (B, 3, H, W), all values in [−1, 1].

        Args:
            image: (B, 3, H, W).
            plate: (B, 3, H, W).
            segmentation: (B, 1, H, W).
            motion: (B, 4, H, W).
        """
        cues = {"plate": plate, "segmentation": segmentation, "motion": motion}
        if self.refiner is None:
            return self._decode(image, cues)[:2]
        small = {name: F.avg_pool2d(cue, 2) for name, cue in cues.items()}
        coarse = self._decode(F.avg_pool2d(image, 2), small)
        refined: tuple[Tensor, Tensor] = self.refiner(image, plate, *coarse)
        return refined

    def _decode(self, image: Tensor, cues: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Return alpha, foreground, and the features of image, plate and alpha at half size."""
        if self.config.difference:
            plate = cues["plate"]
            cues = cues | {"plate": torch.cat((plate, *differences(image, plate)), dim=1)}
        half, features = self.image_encoder(image)
        encoded = {name: self.cue_encoders[name](cues[name]) for name in self.config.cues}
        deepest = {name: cue for name, (_, cue) in encoded.items()}
        x = self.shared_blocks(self.switch_context(features, deepest))
        alpha_features = self.alpha_decoder[: self._to_half](self.alpha_blocks(x))
        alpha = self.alpha_decoder[self._to_half :](alpha_features)
        foreground_features = self.foreground_upsampler(self.foreground_blocks(x))
        foreground = self.foreground_decoder(torch.cat((foreground_features, half), dim=1))
        return alpha, foreground, torch.cat((half, encoded["plate"][0], alpha_features), dim=1)

    def switch_context(self, features: Tensor, encoded: dict[str, Tensor]) -> Tensor:
        """Let the image select what to take from each encoded cue (context switching block)."""
        if self.config.public_wiring:
            encoded = encoded | {"motion": encoded["plate"]}
        selected = [
            self.selectors[name](torch.cat((features, cue), dim=1)) for name, cue in encoded.items()
        ]
        combined: Tensor = self.combinator(torch.cat((features, *selected), dim=1))
        return combined


def blocks(channels: int, count: int) -> nn.Sequential:
    """Return a row of residual blocks."""
    return nn.Sequential(*(ResidualBlock(channels) for _ in range(count)))
