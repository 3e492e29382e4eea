"""Background matting, stage 1: training on composites (Sengupta et al. 2020, section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.background_matting.model import BackgroundMatting, PlateOutput
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase

BORDER_PX = 5
"""Distance from partial alpha up to which pixels count as border."""


class BackgroundMattingRecipe:
    """Train a `BackgroundMatting` on composites; see `Recipe`."""

    requirements = DataRequirements(plates=True, trimap=False)

    def __init__(self, network: BackgroundMatting, options: Mapping[str, float]) -> None:
        self.parts: dict[str, nn.Module] = {NETWORK: network}
        self._options = options

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the one update of a step."""
        unmasked = torch.rand(()).item() < self._options["unmasked"]
        output = predict(self.parts[NETWORK], batch, masked=not unmasked)
        truth = PlateOutput(batch.alpha, batch.foreground)
        terms = compare(output, truth, batch.image, batch.background)
        # not in the paper, whose means over the whole picture give a border little weight
        near = border(truth.alpha)
        terms["border"] = losses.l1(output.alpha, truth.alpha, near)
        terms["square"] = losses.squared(output.alpha, truth.alpha, near)
        loss = torch.stack([self._options[name] * term for name, term in terms.items()]).sum()
        yield Phase(NETWORK, loss, terms)

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the alpha."""
        return predict(network, batch).alpha


def predict(network: nn.Module, batch: Batch, masked: bool = True) -> PlateOutput:
    """Run the network on a batch; without a segmentation it computes one from the plate.

    Raises:
        ValueError: the batch has no plate.
    """
    if batch.plate is None:
        raise ValueError("background matting needs batches with plates")
    segmentation = batch.segmentation
    if segmentation is None or not masked:
        segmentation = torch.full_like(batch.alpha, -1.0)
    return cast(PlateOutput, network(batch.image, batch.plate, segmentation))


def compare(
    output: PlateOutput, truth: PlateOutput, image: Tensor, background: Tensor
) -> dict[str, Tensor]:
    """Return L1 of alpha, of its gradient, of the visible foreground, and of the composite."""
    everywhere = torch.ones_like(truth.alpha)
    composite = output.alpha * output.foreground + (1 - output.alpha) * background
    return {
        "alpha": losses.l1(output.alpha, truth.alpha, everywhere),
        "gradient": losses.gradient(output.alpha, truth.alpha, everywhere),
        "foreground": losses.colour(output.foreground, truth.foreground, (truth.alpha > 0).float()),
        "composite": losses.colour(composite, image, everywhere),
    }


def border(alpha: Tensor) -> Tensor:
    """Return 1 within `BORDER_PX` of partial alpha, else 0; (B, 1, H, W)."""
    partial = ((alpha > 0.01) & (alpha < 0.99)).float()
    return F.max_pool2d(partial, 2 * BORDER_PX + 1, stride=1, padding=BORDER_PX)
