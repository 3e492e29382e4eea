"""Networks without a guide whose one update per step is a weighted sum of losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from torch import Tensor, nn

from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase, weighted

Losses: TypeAlias = Callable[[nn.Module, Batch, Mapping[str, float]], dict[str, Tensor]]
"""From a network, a batch and the options: the terms, each with an option of its name."""


class PortraitRecipe:
    """Train a network that takes an image and returns alpha; see `Recipe`.

    Args:
        network: what is trained.
        losses: computes the terms.
        options: the terms' weights, and what else `losses` wants.
        requirements: what the data must be like.
    """

    def __init__(
        self,
        network: nn.Module,
        losses: Losses,
        options: Mapping[str, float],
        requirements: DataRequirements | None = None,
    ) -> None:
        self.parts: dict[str, nn.Module] = {NETWORK: network}
        self.requirements = requirements or DataRequirements(portraits=True, trimap=False)
        self._losses, self.options = losses, options

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the one update of a step."""
        terms = self._losses(self.parts[NETWORK], batch, self.options)
        yield Phase(NETWORK, weighted(terms, self.options), terms)

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the alpha."""
        alpha: Tensor = network(batch.image)
        return alpha
