"""CITM: three heads, refined one into the next; L1 + composition + Laplacian (eq. 8–10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.backbones.imagenet_weights import start_from_imagenet
from matteplug.networks.citm.config import CompactConfig
from matteplug.networks.citm.model import Citm
from matteplug.networks.citm.refinement import random_widths, refine
from matteplug.networks.families import family
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase, recipe_options
from matteplug.training.settings import TrainSettings

HEADS = {"alpha_os1": 2 / 5, "alpha_os4": 1 / 5, "alpha_os8": 1 / 5, "alpha": 2 / 5}
"""Weight of each head in the loss: 2 : 1 : 1 over 5, as in the public code of MatteFormer; a
propagated alpha counts as the finest head."""

COARSER = {"alpha_os8": 2, "alpha_os4": 1}
"""Levels of the Laplacian pyramid that are finer than a head, and not asked of it."""

LOSSES: Mapping[str, Callable[[Tensor, Batch], Tensor]] = {
    "l1": lambda alpha, b: losses.l1(alpha, b.alpha, b.unknown),
    "composition": lambda alpha, b: losses.composition(
        alpha, b.alpha, b.unknown, b.foreground, b.background
    ),
    "laplacian": lambda alpha, b: losses.laplacian(alpha, b.alpha, b.unknown),
    "gradient": lambda alpha, b: losses.gradient(alpha, b.alpha, b.unknown),
}

OPTIONS = {"l1": 1.0, "composition": 1.0, "laplacian": 1.0, "gradient": 0.0, "propagated": 1 / 3}
"""Weights of the losses, of which eq. 10 has the first three at 1, and the fraction of the steps in
which alpha is propagated, which then counts accordingly more."""


class CitmRecipe:
    """Train a `Citm`; see `Recipe`."""

    requirements = DataRequirements()

    def __init__(self, network: Citm, options: Mapping[str, float]) -> None:
        self.parts: dict[str, nn.Module] = {NETWORK: network}
        self._loss_weights = {name: w for name, w in options.items() if w and name in LOSSES}
        self._propagated = options["propagated"]

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the one update of a step."""
        network = cast(Citm, self.parts[NETWORK])
        heads = network.heads(batch.image, batch.trimap)
        alphas = refine(heads, random_widths())
        propagated = self._propagated
        if "data_weight" in heads and (propagated >= 1 or torch.rand(()).item() < propagated):
            alphas["alpha"] = network.propagate(
                batch.image, batch.trimap, alphas["alpha_os1"], heads["data_weight"]
            )
        terms = dict.fromkeys(self._loss_weights, alphas["alpha_os1"].new_zeros(()))
        for head, alpha in alphas.items():
            for name in self._loss_weights:
                if name == "laplacian" and head in COARSER:
                    term = coarse_laplacian(alpha, batch, COARSER[head])
                else:
                    term = LOSSES[name](alpha, batch)
                weight = HEADS[head] / (propagated if head == "alpha" else 1)
                terms[name] = terms[name] + weight * term
        loss = torch.stack(
            [weight * terms[name] for name, weight in self._loss_weights.items()]
        ).sum()
        yield Phase(NETWORK, loss, terms)

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the refined alpha, the known area written back."""
        return cast(Tensor, network(batch.image, batch.trimap))


def coarse_laplacian(alpha: Tensor, batch: Batch, finer: int) -> Tensor:
    """Return the Laplacian loss without its `finer` finest levels, whose squares are averaged."""
    alpha, truth, unknown = (F.avg_pool2d(x, 2**finer) for x in (alpha, batch.alpha, batch.unknown))
    # its first level weighs 2^finer; a mean stands for 4^finer pixels of the unknown area
    return losses.laplacian(alpha, truth, unknown, levels=5 - finer) / 2.0**finer


def recipe(settings: TrainSettings) -> CitmRecipe:
    """Return the recipe with a freshly initialised network of the settings' configuration.

    The compact network's frozen features have ImageNet's weights: those of the file that the
    settings name, else those of an installed package.

    Raises:
        NetworkError: the file is of another network, or the package is not installed.
    """
    network = cast(Citm, family("citm", settings.config).build(settings.config))
    if isinstance(network.config, CompactConfig) and network.config.features:
        start_from_imagenet(network.features, Path(settings.encoder) if settings.encoder else None)
    return CitmRecipe(network, recipe_options(settings, OPTIONS))
