"""How each family learns: one file per family, and the interface they share with the loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from matteplug import plugins
from matteplug.errors import TrainingError
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.settings import TrainSettings

if TYPE_CHECKING:
    from torch import Tensor, nn

    from matteplug.training.data.batch import Batch

NETWORK = "network"
"""The part of a recipe that is averaged, validated and exported."""


@dataclass(frozen=True)
class Phase:
    """One update within a step: a loss for one part, and its terms for the log."""

    part: str
    loss: Tensor
    terms: Mapping[str, Tensor]


class Recipe(Protocol):
    """What the loop needs to know about a family."""

    @property
    def parts(self) -> Mapping[str, nn.Module]:
        """Return the modules that are trained, each by its own optimiser; one is "network"."""

    @property
    def requirements(self) -> DataRequirements:
        """Return the requirements on the batches."""

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the updates of one step in order; each is applied before the next is computed.

        Args:
            batch: on the device of the parts.
            progress: fraction of the budget that is used, 0 to 1.
        """

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the alpha (B, 1, H, W) as an exported `network` would give it."""


def recipe(settings: TrainSettings) -> Recipe:
    """Return the recipe of the settings' family, with freshly initialised parts.

    Raises:
        NetworkError: there is no such family or configuration.
        PluginError: the recipe cannot be imported.
        TrainingError: it has no such option.
    """
    make = plugins.resolve(plugins.registry().family(settings.family).recipe)
    return cast(Recipe, make(settings))


def weighted(terms: Mapping[str, Tensor], options: Mapping[str, float]) -> Tensor:
    """Return the sum of the terms, each times the option of its name."""
    import torch

    return torch.stack([options[name] * term for name, term in terms.items()]).sum()


def recipe_options(settings: TrainSettings, defaults: Mapping[str, float]) -> dict[str, float]:
    """Return a recipe's options: its defaults, overridden by those of the settings.

    Raises:
        TrainingError: the recipe does not have an option of the settings.
    """
    unknown = sorted(settings.options.keys() - defaults.keys())
    if unknown:
        raise TrainingError(
            "unknown-option",
            f"The recipe of {settings.family!r} has no option {unknown[0]!r}.",
            f"It has: {', '.join(f'{k}={v:g}' for k, v in defaults.items())}.",
        )
    return {**defaults, **settings.options}
