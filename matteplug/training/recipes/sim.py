"""Semantic Image Matting: alpha, colours, and a regularisation whose weights are learnt.

Its data set's pattern labels are not public, and none of our sources has any: the pattern
classifier and the two losses that need it are left out here, and the network learns with all scores
at 0, as a plain trimap network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import torch
from torch import Tensor, nn

from matteplug.networks.families import family
from matteplug.networks.sim.model import Sim
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase, recipe_options, weighted
from matteplug.training.recipes.dim import levels
from matteplug.training.settings import TrainSettings

OPTIONS = {
    "alpha": 1.0,
    "composition": 0.25,
    "laplacian": 0.5,
    "colours": 0.25,
    "gradient": 0.5,
}
"""Weights of the losses; all decided, the paper's were not to be had."""


class SimRecipe:
    """Train a `Sim`; see `Recipe`."""

    requirements = DataRequirements()

    def __init__(self, network: Sim, options: Mapping[str, float]) -> None:
        self.parts: dict[str, nn.Module] = {NETWORK: network}
        self._options = options
        network.classifier.requires_grad_(False)

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the one update of a step."""
        heads = cast(Sim, self.parts[NETWORK]).heads(batch.image, levels(batch.trimap))
        alpha, truth, unknown = heads["alpha"], batch.alpha, batch.unknown
        foreground, background = heads["foreground"], heads["background"]
        composite = alpha * foreground + (1 - alpha) * background
        terms = {
            "alpha": losses.l1(alpha, truth, unknown),
            "composition": losses.composition(
                alpha, truth, unknown, batch.foreground, batch.background
            ),
            "laplacian": losses.laplacian(alpha, truth, unknown),
            "colours": losses.colour(foreground, batch.foreground, unknown)
            + losses.colour(background, batch.background, unknown)
            + losses.colour(composite, batch.image, unknown),
            "gradient": learnt_gradient(alpha, truth, unknown, heads["weights"]),
        }
        yield Phase(NETWORK, weighted(terms, self._options), terms)

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return alpha, the known area written back."""
        return cast(Tensor, network(batch.image, levels(batch.trimap))[0])


def learnt_gradient(alpha: Tensor, truth: Tensor, unknown: Tensor, weight: Tensor) -> Tensor:
    """Return ω₁·|∇α − ∇α_g| + ω₂·|∇α| − log ω₁ − log ω₂, the mean over the batch.

    A sharp pattern is held to its gradient, a smooth one to few gradients.

    Decided: the logarithms (Kendall et al., CVPR 2018), without which 0 would be the best weight.

    Args:
        alpha: (B, 1, H, W).
        truth: (B, 1, H, W).
        unknown: (B, 1, H, W), 1 where the loss counts.
        weight: (B, 2), positive: ω₁ and ω₂ of each picture.
    """
    zero = torch.zeros_like(alpha)
    parts = [
        torch.stack(
            [
                losses.gradient(alpha[i : i + 1], target[i : i + 1], unknown[i : i + 1])
                for i in range(len(alpha))
            ]
        )
        for target in (truth, zero)
    ]
    return (weight * torch.stack(parts, dim=1) - weight.clamp(min=1e-3).log()).sum(dim=1).mean()


def recipe(settings: TrainSettings) -> SimRecipe:
    """Return the recipe with a freshly made network of the settings' configuration."""
    options = recipe_options(settings, OPTIONS)
    return SimRecipe(cast(Sim, family("sim", settings.config).build(settings.config)), options)
