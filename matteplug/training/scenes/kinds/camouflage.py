"""Foliage in front of foliage of the same greens."""

from __future__ import annotations

import numpy as np

from matteplug.training.scenes import colour_maps
from matteplug.training.scenes.kinds.kind import SceneLayers, Supplies
from matteplug.training.scenes.noise import Rng

OBJECTS = ("foliage", "tree", "sprites")


def arrange(rng: Rng, scene: SceneLayers, supplies: Supplies) -> SceneLayers:
    """Fill the background with two to four more plants, in the colours of the one in front."""
    background = scene.background
    front = np.ascontiguousarray(scene.foreground[::-1, ::-1])
    for _ in range(int(rng.integers(2, 5))):
        own, alpha = supplies.another(OBJECTS)
        colour = own + (front - own) * np.float32(rng.uniform(0.3, 1.0))
        background = colour_maps.mixed(background, colour, alpha)
    return scene._replace(
        background=colour_maps.with_similar_colours(rng, background, scene.foreground, scene.alpha)
    )
