"""HFAM: classes, detail and their fusion, each with a loss of its own (eq. 1–7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import torch
from torch import Tensor, nn

from matteplug.networks.families import family
from matteplug.networks.hfam.model import Hfam, HfamOutput
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase, recipe_options
from matteplug.training.settings import TrainSettings

OPTIONS = {"semantic": 1.0, "detail": 10.0, "fusion": 1.0, "border_px": 25.0}
"""Weights of the three losses (eq. 7), and the width of the border between the classes."""


class HfamRecipe:
    """Train an `Hfam`; see `Recipe`."""

    requirements = DataRequirements(portraits=True, trimap=False)

    def __init__(self, network: Hfam, options: Mapping[str, float]) -> None:
        self.parts: dict[str, nn.Module] = {NETWORK: network}
        self._options = options

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the one update of a step."""
        output = cast(HfamOutput, self.parts[NETWORK](batch.image))
        truth, border_px = batch.alpha, round(self._options["border_px"])
        border = (losses.areas(truth, border_px) == 1).unsqueeze(1).float()
        everywhere = torch.ones_like(truth)
        terms = {
            "semantic": losses.cross_entropy(output.semantic, truth, border_px),  # eq. 1
            "detail": losses.unknown_root(output.detail, truth, border),  # eq. 2
            "fusion": losses.l1(output.alpha, truth, everywhere)  # eq. 4–6
            + losses.dissimilarity(output.alpha, truth),
        }
        loss = torch.stack([self._options[name] * term for name, term in terms.items()]).sum()
        yield Phase(NETWORK, loss, terms)

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the fused alpha."""
        return cast(HfamOutput, network(batch.image)).alpha


def recipe(settings: TrainSettings) -> HfamRecipe:
    """Return the recipe with a freshly initialised network of the settings' configuration."""
    network = family("hfam", settings.config).build(settings.config)
    return HfamRecipe(cast(Hfam, network), recipe_options(settings, OPTIONS))
