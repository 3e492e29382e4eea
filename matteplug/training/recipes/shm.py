"""Semantic Human Matting: T-Net, M-Net, then both (sections 4.3 and 5).

``--set stage=1`` trains T-Net alone, ``stage=2`` M-Net on true trimaps, ``stage=3`` everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.errors import TrainingError
from matteplug.networks.families import family
from matteplug.networks.shm.model import Shm
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.recipes import recipe_options
from matteplug.training.recipes.portraits import PortraitRecipe
from matteplug.training.settings import TrainSettings

OPTIONS = {"stage": 3.0, "alpha": 0.5, "composition": 0.5, "trimap": 0.01, "border_px": 25.0}
"""The stage; γ and 1 − γ (equation 6); λ (equation 7), which is 1 in stage 1; the width of the
border between the classes."""


def terms(network: nn.Module, batch: Batch, options: Mapping[str, float]) -> dict[str, Tensor]:
    """Return the losses of a stage."""
    stage, width = options["stage"], round(options["border_px"])
    true_areas = None
    if stage == 2:
        classes = losses.areas(batch.alpha, width)
        true_areas = F.one_hot(classes, 3).permute(0, 3, 1, 2).to(batch.image.dtype)
    heads = cast(Shm, network).heads(batch.image, true_areas)
    terms = {}
    if stage != 2:
        terms["trimap"] = losses.cross_entropy(heads["logits"], batch.alpha, width)
    if stage != 1:
        terms["alpha"] = F.l1_loss(heads["alpha"], batch.alpha)
        contrast = (batch.foreground - batch.background).abs().mean(dim=1, keepdim=True)
        terms["composition"] = ((heads["alpha"] - batch.alpha).abs() * contrast).mean()
    return terms


class ShmRecipe(PortraitRecipe):
    """Train an `Shm`; see `Recipe`."""

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the fused alpha, in stage 1 T-Net's foreground and half its unknown area."""
        heads = cast(Shm, network).heads(batch.image)
        if self.options["stage"] != 1:
            return heads["alpha"]
        areas = heads["logits"].softmax(dim=1)
        return areas[:, 2:] + areas[:, 1:2] / 2


def recipe(settings: TrainSettings) -> ShmRecipe:
    """Return the recipe of the stage that the options name, with a freshly made network.

    Raises:
        TrainingError: there is no such stage.
    """
    options = recipe_options(settings, OPTIONS)
    network = cast(Shm, family("shm", settings.config).build(settings.config))
    if options["stage"] not in (1, 2, 3):
        raise TrainingError(
            "unknown-stage", f"There is no stage {options['stage']:g}.", "Write --set stage=1 to 3."
        )
    if options["stage"] == 1:
        options["trimap"] = 1.0
        network.mnet.requires_grad_(False)
    if options["stage"] == 2:
        network.tnet.requires_grad_(False)
    return ShmRecipe(network, terms, options)
