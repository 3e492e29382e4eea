"""HAttMatting: structure, squared error, and a discriminator that must take alpha for a true one.

The first stage leaves the discriminator out; ``--set stage=2`` has it (section 3.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.errors import TrainingError
from matteplug.networks.families import family
from matteplug.networks.ops.patch_discriminator import PatchDiscriminator
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase, recipe_options, weighted
from matteplug.training.settings import TrainSettings

OPTIONS = {"stage": 1.0, "square": 1.0, "structure": 0.1, "fools": 0.05}
"""The stage; weights of the squared error, of 1 − SSIM and of the adversarial term (equation 6)."""


class HattRecipe:
    """Train a `HattMatting`; see `Recipe`."""

    requirements = DataRequirements(portraits=True, trimap=False)

    def __init__(self, network: nn.Module, options: Mapping[str, float]) -> None:
        self.parts: dict[str, nn.Module] = {NETWORK: network}
        if options["stage"] == 2:
            self.parts["discriminator"] = PatchDiscriminator(channels=4)
        self._options = options

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the network's update, then, in stage 2, the discriminator's."""
        alpha: Tensor = self.parts[NETWORK](batch.image)
        terms = {
            "square": F.mse_loss(alpha, batch.alpha),
            "structure": losses.dissimilarity(alpha, batch.alpha),
        }
        discriminator = self.parts.get("discriminator")
        if discriminator is None:
            yield Phase(NETWORK, weighted(terms, self._options), terms)
            return
        predicted = torch.cat((batch.image, alpha), dim=1)
        terms["fools"] = losses.fools(discriminator(predicted))
        yield Phase(NETWORK, weighted(terms, self._options), terms)
        true = torch.cat((batch.image, batch.alpha), dim=1)
        judged = discriminator(true), discriminator(predicted.detach())
        yield Phase("discriminator", losses.tells_apart(*judged), {})

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the alpha."""
        alpha: Tensor = network(batch.image)
        return alpha


def recipe(settings: TrainSettings) -> HattRecipe:
    """Return the recipe of the stage that the options name, with freshly made parts.

    Raises:
        TrainingError: there is no such stage.
    """
    options = recipe_options(settings, OPTIONS)
    network = family("hattmatting", settings.config).build(settings.config)
    if options["stage"] not in (1, 2):
        raise TrainingError(
            "unknown-stage", f"There is no stage {options['stage']:g}.", "Write --set stage=1 or 2."
        )
    return HattRecipe(network, options)
