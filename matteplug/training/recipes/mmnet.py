"""MMNet: alpha, its composite, its gradient and two cross entropies (section 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.families import family
from matteplug.networks.mmnet.model import MULTIPLE, Mmnet
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.recipes import recipe_options
from matteplug.training.recipes.portraits import PortraitRecipe
from matteplug.training.settings import TrainSettings

OPTIONS = {"alpha": 0.2, "composite": 0.2, "gradient": 0.2, "classes": 0.2, "auxiliary": 0.2}
"""Weights of the five losses; the public code has all at 1 and divides by their sum."""


def terms(network: nn.Module, batch: Batch, options: Mapping[str, float]) -> dict[str, Tensor]:
    """Return the five losses.

    Decided: the picture that alpha is laid over is in [0, 1]; the public code divides it by 255
    twice.
    """
    heads = cast(Mmnet, network).heads(batch.image)
    alpha, truth = heads["alpha"], batch.alpha
    coarse = F.interpolate(truth, scale_factor=1 / MULTIPLE, mode="nearest")
    return {
        "alpha": F.l1_loss(alpha, truth),
        "composite": F.l1_loss(batch.image * alpha, batch.image * truth),
        "gradient": losses.sobel(alpha, truth),
        "classes": losses.soft_cross_entropy(heads["logits"], truth),
        "auxiliary": losses.soft_cross_entropy(heads["auxiliary"], coarse),
    }


def recipe(settings: TrainSettings) -> PortraitRecipe:
    """Return the recipe with a freshly made network of the settings' configuration."""
    network = family("mmnet", settings.config).build(settings.config)
    return PortraitRecipe(network, terms, recipe_options(settings, OPTIONS))
