"""How Tiny learns: one loss, on the unknown area."""

from collections.abc import Iterator, Mapping
from typing import cast

import torch
from torch import Tensor, nn

from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase, recipe_options
from matteplug.training.settings import TrainSettings
from matteplug_tiny.family import build

OPTIONS = {"l1": 1.0, "laplacian": 0.0}
"""Weights of the losses; `--set laplacian=1` changes one."""


class TinyRecipe:
    """Train a `Tiny`; see `matteplug.training.recipes.Recipe`."""

    requirements = DataRequirements(trimap=True)

    def __init__(self, network: nn.Module, options: Mapping[str, float]) -> None:
        self.parts = {NETWORK: network}
        self._options = options

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the one update of a step."""
        alpha = self.predict(self.parts[NETWORK], batch)
        terms = {
            "l1": losses.l1(alpha, batch.alpha, batch.unknown),
            "laplacian": losses.laplacian(alpha, batch.alpha, batch.unknown),
        }
        loss = torch.stack([self._options[name] * term for name, term in terms.items()]).sum()
        yield Phase(NETWORK, loss, terms)

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return alpha (B, 1, H, W); the batch's trimap holds 0, 1 (unknown) and 2."""
        return cast(Tensor, network(batch.image, batch.trimap[:, None] / 2))


def recipe(settings: TrainSettings) -> TinyRecipe:
    """Return the recipe, with a new network of the settings' configuration."""
    return TinyRecipe(build(settings.config), recipe_options(settings, OPTIONS))
