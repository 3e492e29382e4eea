"""Fast Deep Matting: the two classes of the first block, then alpha of the feathering.

``--set stage=1`` trains the first block alone; the default trains both at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from matteplug.errors import TrainingError
from matteplug.networks.families import family
from matteplug.networks.fast_deep_matting.model import FastDeepMatting
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.recipes import recipe_options
from matteplug.training.recipes.portraits import PortraitRecipe
from matteplug.training.settings import TrainSettings

OPTIONS = {"stage": 2.0, "classes": 1.0, "alpha": 1.0, "colour": 1.0}
"""The stage; weights of the cross entropy, of alpha's loss and of that of alpha times picture."""

EPSILON = 1e-3


def terms(network: nn.Module, batch: Batch, options: Mapping[str, float]) -> dict[str, Tensor]:
    """Return the losses of a stage's blocks."""
    heads = cast(FastDeepMatting, network).heads(batch.image)
    terms = {"classes": losses.soft_cross_entropy(heads["logits"], batch.alpha.round())}
    if options["stage"] == 2:
        everywhere = torch.ones_like(batch.alpha)
        alpha, truth = heads["alpha"], batch.alpha
        terms["alpha"] = losses.unknown_root(alpha, truth, everywhere, EPSILON)
        seen, true = alpha * batch.image, truth * batch.image
        terms["colour"] = losses.unknown_root(seen, true, everywhere, EPSILON) / 3
    return terms


class FastDeepMattingRecipe(PortraitRecipe):
    """Train a `FastDeepMatting`; see `Recipe`."""

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return alpha, in stage 1 the foreground's probability."""
        if self.options["stage"] == 2:
            return super().predict(network, batch)
        logits = cast(FastDeepMatting, network).heads(batch.image)["logits"]
        return (logits[:, 1:] - logits[:, :1]).sigmoid()


def recipe(settings: TrainSettings) -> FastDeepMattingRecipe:
    """Return the recipe of the stage that the options name, with a freshly made network.

    Raises:
        TrainingError: there is no such stage.
    """
    options = recipe_options(settings, OPTIONS)
    network = family("fast-deep-matting", settings.config).build(settings.config)
    if options["stage"] not in (1, 2):
        raise TrainingError(
            "unknown-stage", f"There is no stage {options['stage']:g}.", "Write --set stage=1 or 2."
        )
    return FastDeepMattingRecipe(network, terms, options)
