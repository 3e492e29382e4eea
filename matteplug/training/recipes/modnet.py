"""MODNet: semantics, detail and alpha; ``--set stage=2`` adapts it without ground truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.errors import TrainingError
from matteplug.networks.families import family
from matteplug.networks.modnet.model import Modnet
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase, Recipe, recipe_options, weighted
from matteplug.training.recipes.portraits import PortraitRecipe
from matteplug.training.recipes.teacher import FrozenTeacher
from matteplug.training.settings import TrainSettings

OPTIONS = {
    "stage": 1.0,
    "semantic": 10.0,
    "detail": 10.0,
    "alpha": 1.0,
    "border": 4.0,
    "border_px": 25.0,
    "consistency": 100.0,
    "imitation": 1.0,
}
"""The stage; weights of the losses (eq. 5), `border` that of alpha's border beside the whole;
the width of that border; in stage 2 the weights of both consistencies (eq. 7 and 8)."""

SEMANTIC_STRIDE = 16
NEARLY_ZERO = 0.01
"""In stage 2 less is taken for 0: what is consistent must not be a haze."""
BAND = 0.05
"""Width of stage 2's border around a predicted edge, of the mean side."""


def terms(network: nn.Module, batch: Batch, options: Mapping[str, float]) -> dict[str, Tensor]:
    """Return the three losses on the three predictions (eq. 1, 3 and 4)."""
    heads = cast(Modnet, network).heads(batch.image)
    truth = batch.alpha
    band = (losses.areas(truth, round(options["border_px"])) == 1).unsqueeze(1).float()
    error = (heads["alpha"] - truth).abs()
    error = error * (1 + batch.image.mean(dim=1, keepdim=True))  # alpha, and image × alpha
    return {
        "semantic": F.mse_loss(heads["semantic"], small(truth)),
        "detail": ((heads["detail"] - truth).abs() * band).mean(),
        "alpha": error.mean(),
        "border": (error * band).mean(),
    }


def small(alpha: Tensor) -> Tensor:
    """Return alpha at 1/16, slightly blurred: the truth of the semantic prediction."""
    alpha = F.interpolate(
        alpha, scale_factor=1 / SEMANTIC_STRIDE, mode="bilinear", align_corners=False
    )
    side = alpha.new_tensor([-1.0, 0.0, 1.0])
    taps = torch.exp(-side.square() / (2 * 0.8**2))
    taps = (taps / taps.sum()).view(1, 1, 1, 3)
    alpha = F.conv2d(F.pad(alpha, (1, 1, 1, 1), mode="replicate"), taps)
    return F.conv2d(alpha, taps.mT)


class AdaptationRecipe:
    """Adapt a `Modnet` to pictures without ground truth (SOC, section 3.4); see `Recipe`.

    Its predictions must agree with each other, and near the edge with those of a frozen copy, so
    that detail does not fade.  The norms keep what they have learnt.
    """

    requirements = DataRequirements(portraits=True, trimap=False, truth=False, weights=True)

    def __init__(self, network: Modnet, options: Mapping[str, float]) -> None:
        self.parts: dict[str, nn.Module] = {NETWORK: network, "teacher": FrozenTeacher(network)}
        self._options = options

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the one update of a step."""
        network = cast(Modnet, self.parts[NETWORK])
        teacher = cast(Modnet, cast(FrozenTeacher, self.parts["teacher"]).of(network))
        freeze_norms(network)
        heads = network.heads(batch.image)
        with torch.no_grad():
            frozen = teacher.heads(batch.image)
            band = edge(frozen["alpha"])
        alpha, semantic = small(heads["alpha"]), heads["semantic"]
        terms = {
            "consistency": F.mse_loss(semantic, _solid(alpha.detach()))
            + F.mse_loss(alpha, _solid(semantic.detach())),
            "imitation": losses.l1(heads["detail"], frozen["detail"], band)
            + losses.l1(heads["alpha"], frozen["alpha"], band),
        }
        yield Phase(NETWORK, weighted(terms, self._options), terms)

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the alpha."""
        return cast(Tensor, network(batch.image))


def edge(alpha: Tensor) -> Tensor:
    """Return 1 near where an alpha is neither 0 nor 1, else 0, (B, 1, H, W)."""
    soft = ((alpha > 0.05) & (alpha < 0.95)).float()
    radius = max(1, round(BAND * (alpha.shape[2] + alpha.shape[3]) / 4))
    return F.max_pool2d(soft, 2 * radius + 1, stride=1, padding=radius)


def freeze_norms(network: nn.Module) -> None:
    """Put every norm in eval mode and take it out of training."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
            module.eval().requires_grad_(False)


def _solid(x: Tensor) -> Tensor:
    return torch.where(x > NEARLY_ZERO, x, torch.zeros_like(x))


def recipe(settings: TrainSettings) -> Recipe:
    """Return the recipe of the stage that the options name, with freshly made parts.

    Raises:
        TrainingError: there is no such stage.
    """
    options = recipe_options(settings, OPTIONS)
    network = family("modnet", settings.config).build(settings.config)
    if options["stage"] == 1:
        return PortraitRecipe(network, terms, options)
    if options["stage"] == 2:
        return AdaptationRecipe(cast(Modnet, network), options)
    raise TrainingError(
        "unknown-stage", f"There is no stage {options['stage']:g}.", "Write --set stage=1 or 2."
    )
