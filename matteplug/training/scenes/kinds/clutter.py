"""Yarn, ropes and wickerwork in front of a busy room: sharp things behind whatever is soft."""

from __future__ import annotations

from matteplug.training.scenes import colour_maps
from matteplug.training.scenes.kinds.kind import SceneLayers, Supplies
from matteplug.training.scenes.noise import Rng

OBJECTS = ("yarn", "wicker", "tuft")
FURNITURE = ("solid", "bars", "letters", "people", "sprites", "net")


def arrange(rng: Rng, scene: SceneLayers, supplies: Supplies) -> SceneLayers:
    """Put two to five sharp objects into the background."""
    background = scene.background
    for _ in range(int(rng.integers(2, 6))):
        colour, alpha = supplies.another(FURNITURE)
        background = colour_maps.mixed(background, colour, alpha)
    return scene._replace(background=background)
