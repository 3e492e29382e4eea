"""Deep Image Matting: encoder-decoder, then its refinement, then both (section 4).

``--set stage=2`` trains the refinement on frozen weights, ``--set stage=3`` everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import torch
from torch import Tensor, nn

from matteplug.errors import TrainingError
from matteplug.networks.dim.model import Dim
from matteplug.networks.families import family
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase, recipe_options, weighted
from matteplug.training.settings import TrainSettings

OPTIONS = {"stage": 1.0, "alpha": 0.5, "composition": 0.5, "refined": 1.0}
"""The stage; weights of the encoder-decoder's losses (eq. 1 and 2), and of the refinement's."""

EPSILON = 1e-6


class DimRecipe:
    """Train a `Dim`; see `Recipe`."""

    def __init__(self, network: Dim, options: Mapping[str, float]) -> None:
        self.requirements = DataRequirements(weights=options["stage"] > 1)
        self.parts: dict[str, nn.Module] = {NETWORK: network}
        self._options = options
        if options["stage"] == 2:
            network.requires_grad_(False)
            cast(nn.Module, network.refinement).requires_grad_(True)

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the one update of a step."""
        stage = self._options["stage"]
        heads = cast(Dim, self.parts[NETWORK]).heads(batch.image, levels(batch.trimap))
        terms = {}
        if stage != 2:
            alpha = heads["alpha"]
            terms["alpha"] = losses.unknown_root(alpha, batch.alpha, batch.unknown, EPSILON)
            terms["composition"] = losses.composition(
                alpha, batch.alpha, batch.unknown, batch.foreground, batch.background
            )
        if stage != 1:
            refined = heads["refined"]
            terms["refined"] = losses.unknown_root(refined, batch.alpha, batch.unknown, EPSILON)
        yield Phase(NETWORK, weighted(terms, self._options), terms)

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return alpha, in stage 1 before the refinement, the known area written back."""
        if self._options["stage"] != 1:
            return cast(Tensor, network(batch.image, levels(batch.trimap)))
        alpha = cast(Dim, network).heads(batch.image, levels(batch.trimap))["alpha"]
        known = batch.trimap.unsqueeze(1).float() / 2
        return torch.where(batch.unknown == 1, alpha, known)


def levels(trimap: Tensor) -> Tensor:
    """Return 0, 128 and 255 for the areas 0, 1 and 2."""
    return 128.0 * (trimap > 0) + 127.0 * (trimap > 1)


def recipe(settings: TrainSettings) -> DimRecipe:
    """Return the recipe of the stage that the options name, with a freshly made network.

    Raises:
        TrainingError: there is no such stage, or the network has no refinement.
    """
    options = recipe_options(settings, OPTIONS)
    network = cast(Dim, family("dim", settings.config).build(settings.config))
    if options["stage"] not in (1, 2, 3):
        raise TrainingError(
            "unknown-stage", f"There is no stage {options['stage']:g}.", "Write --set stage=1 to 3."
        )
    if options["stage"] != 1 and network.refinement is None:
        raise TrainingError(
            "unknown-stage", f"The configuration {settings.config} has no refinement to train."
        )
    return DimRecipe(network, options)
