"""HFAM: classes, detail and their fusion, each with a loss of its own (eq. 1–7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from matteplug.networks.backbones.efficientnet_lite import EfficientNetLite
from matteplug.networks.backbones.imagenet_weights import start_from_imagenet
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
        if isinstance(getattr(network, "encoder", None), EfficientNetLite):
            network.encoder.requires_grad_(False)  # ImageNet's features are better than ours
        self.parts: dict[str, nn.Module] = {NETWORK: network}
        self._options = options

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the one update of a step."""
        output = cast(HfamOutput, self.parts[NETWORK](batch.image))
        truth, border_px = batch.alpha, round(self._options["border_px"])
        border = (losses.areas(truth, border_px) == 1).unsqueeze(1).float()
        known = torch.ones_like(truth) if batch.known is None else batch.known
        alpha = torch.where(known > 0.5, output.alpha, truth)  # nothing to learn elsewhere
        terms = {
            "semantic": losses.cross_entropy(output.semantic, truth, border_px, known),  # eq. 1
            "detail": losses.unknown_root(output.detail, truth, border * known),  # eq. 2
            "fusion": losses.l1(alpha, truth, known)  # eq. 4–6
            + losses.dissimilarity(alpha, truth),
        }
        loss = torch.stack([self._options[name] * term for name, term in terms.items()]).sum()
        yield Phase(NETWORK, loss, terms)

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the fused alpha."""
        return cast(HfamOutput, network(batch.image)).alpha


def recipe(settings: TrainSettings) -> HfamRecipe:
    """Return the recipe with a freshly initialised network of the settings' configuration.

    Its encoder has ImageNet's weights: those of the file that the settings name, else those of an
    installed package where there is one for the configuration's encoder.

    Raises:
        NetworkError: the file is of another network, or the package is not installed.
    """
    network = cast(Hfam, family("hfam", settings.config).build(settings.config))
    start_from_imagenet(network.encoder, Path(settings.encoder) if settings.encoder else None)
    return HfamRecipe(network, recipe_options(settings, OPTIONS))
