"""Background Matting V2: the base network, then with its refiner (section 3.4).

Stage 1 trains the base network at the crops' full size; ``--set stage=2 --init STAGE1`` trains all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.errors import TrainingError
from matteplug.networks.background_matting_v2.model import BackgroundMattingV2
from matteplug.networks.families import family
from matteplug.networks.ops.resizing import like
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase, recipe_options, weighted
from matteplug.training.settings import TrainSettings

OPTIONS = {"stage": 1.0, "alpha": 1.0, "gradient": 1.0, "foreground": 1.0, "error": 1.0}
"""The stage, and weights of the losses (eq. 2 to 5)."""


class BackgroundMattingV2Recipe:
    """Train a `BackgroundMattingV2`; see `Recipe`."""

    def __init__(self, network: BackgroundMattingV2, options: Mapping[str, float]) -> None:
        stage = options["stage"]
        self.requirements = DataRequirements(plates=True, trimap=False, weights=stage > 1)
        self.parts: dict[str, nn.Module] = {NETWORK: network}
        self._options = options

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the one update of a step."""
        network = cast(BackgroundMattingV2, self.parts[NETWORK])
        plate = cast(Tensor, batch.plate)
        if self._options["stage"] == 1:
            coarse = network.base(batch.image, plate)
            terms = against(coarse.alpha, coarse.foreground, batch.alpha, batch.foreground)
            terms["error"] = F.mse_loss(coarse.error, (coarse.alpha - batch.alpha).abs().detach())
        else:
            heads = network.heads(batch.image, plate, mode="full")
            alpha, foreground = heads["alpha_coarse"], heads["foreground_coarse"]
            truth = like(batch.alpha, alpha)
            small = against(alpha, foreground, truth, like(batch.foreground, alpha))
            large = against(heads["alpha"], heads["foreground"], batch.alpha, batch.foreground)
            terms = {name: small[name] + large[name] for name in small}
            terms["error"] = F.mse_loss(heads["error_coarse"], (alpha - truth).abs())
        yield Phase(NETWORK, weighted(terms, self._options), terms)

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the alpha, in stage 1 the base network's."""
        network, plate = cast(BackgroundMattingV2, network), cast(Tensor, batch.plate)
        if self._options["stage"] == 1:
            return network.base(batch.image, plate).alpha
        return cast(Tensor, network(batch.image, plate)[0])


def against(alpha: Tensor, foreground: Tensor, truth: Tensor, colours: Tensor) -> dict[str, Tensor]:
    """Return L1 of alpha, of its Sobel gradients, and of the foreground where there is any."""
    return {
        "alpha": F.l1_loss(alpha, truth),
        "gradient": losses.sobel(alpha, truth),
        "foreground": losses.colour(foreground, colours, (truth > 0).float()),
    }


def recipe(settings: TrainSettings) -> BackgroundMattingV2Recipe:
    """Return the recipe of the stage that the options name, with a freshly made network.

    Raises:
        TrainingError: there is no such stage.
    """
    options = recipe_options(settings, OPTIONS)
    network = family("background-matting-v2", settings.config).build(settings.config)
    if options["stage"] not in (1, 2):
        raise TrainingError(
            "unknown-stage", f"There is no stage {options['stage']:g}.", "Write --set stage=1 or 2."
        )
    return BackgroundMattingV2Recipe(cast(BackgroundMattingV2, network), options)
