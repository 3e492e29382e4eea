"""A plain U-Net, to compare HFAM with (Ronneberger et al., 2015; padded, batch norm)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.hfam.layers import ConvNormReLU
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase


class UNet(nn.Module):
    """Five levels of two 3×3 convolutions each, joined by skips; image in, alpha out.

    Args:
        width: channels of the first level; each level has twice as many as the one above.
    """

    LEVELS = 5

    def __init__(self, width: int = 25) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(self.LEVELS)]
        pairs = zip([3, *widths[:-1]], widths, strict=True)
        self.down = nn.ModuleList(_level(i, o) for i, o in pairs)
        self.up = nn.ModuleList(_level(3 * w, w) for w in widths[-2::-1])
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return alpha (B, 1, H, W) of (B, 3, H, W), both [0, 1]; H and W multiples of 16."""
        skips: list[Tensor] = []
        x = 2 * image - 1
        for level, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if level else x)
            skips.append(x)
        skips.pop()
        for block in self.up:
            x = block(torch.cat((F.interpolate(x, scale_factor=2.0), skips.pop()), dim=1))
        return torch.sigmoid(self.head(x).float())


def _level(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(ConvNormReLU(channels, out), ConvNormReLU(out, out))


class UNetRecipe:
    """Train a `UNet` with the losses of HFAM's fusion; see `Recipe`."""

    requirements = DataRequirements(portraits=True, trimap=False)

    def __init__(self, network: UNet) -> None:
        self.parts: dict[str, nn.Module] = {NETWORK: network}

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the one update of a step."""
        alpha, truth = self.parts[NETWORK](batch.image), batch.alpha
        terms = {
            "l1": losses.l1(alpha, truth, torch.ones_like(truth)),
            "ssim": losses.dissimilarity(alpha, truth),
        }
        yield Phase(NETWORK, terms["l1"] + terms["ssim"], terms)

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the alpha."""
        alpha: Tensor = network(batch.image)
        return alpha
