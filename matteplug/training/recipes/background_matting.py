"""Background matting: the two stages of its training and their options.

Stage 1 trains on composites, see `composites`; ``--set stage=2`` continues without ground truth,
see `adversarial`.
"""

from __future__ import annotations

from typing import cast

from matteplug.errors import TrainingError
from matteplug.networks.background_matting.model import BackgroundMatting
from matteplug.networks.families import family
from matteplug.training.recipes import Recipe, recipe_options
from matteplug.training.recipes.adversarial import AdversarialRecipe
from matteplug.training.recipes.composites import BackgroundMattingRecipe
from matteplug.training.settings import TrainSettings

OPTIONS = {
    "stage": 1.0,
    "alpha": 1.0,
    "border": 1.0,
    "square": 1.0,
    "gradient": 1.0,
    "foreground": 2.0,
    "composite": 1.0,
    "unmasked": 0.5,
    "pseudo": 0.05,
    "halvings": 4.0,
}
"""The stage; loss weights; the fraction of batches without a segmentation; for stage 2 the initial
weight of the pseudo ground truth, and how often it is halved."""


def recipe(settings: TrainSettings) -> Recipe:
    """Return the recipe of the stage that the options name, with freshly initialised parts.

    Raises:
        TrainingError: there is no such stage.
    """
    options = recipe_options(settings, OPTIONS)
    network = family("background-matting", settings.config).build(settings.config)
    generator = cast(BackgroundMatting, network)
    if options["stage"] == 1:
        return BackgroundMattingRecipe(generator, options)
    if options["stage"] == 2:
        return AdversarialRecipe(generator, options)
    raise TrainingError(
        "unknown-stage", f"There is no stage {options['stage']:g}.", "Write --set stage=1 or 2."
    )
