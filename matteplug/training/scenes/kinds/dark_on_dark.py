"""Dark hair whose tips lie in front of dark patterned cloth."""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes import colour_maps
from matteplug.training.scenes.kinds.kind import SceneLayers, Supplies
from matteplug.training.scenes.noise import Field, Rng, log_uniform
from matteplug.training.scenes.textures import Textures

OBJECTS = ("hair", "mane", "veil", "flyaways", "fur")
HAIR = (0.06, 0.2)
"""Least and largest mean level of the hair."""
CLOTH = (0.1, 0.33)
"""Least and largest mean level of the cloth."""


def arrange(rng: Rng, scene: SceneLayers, supplies: Supplies) -> SceneLayers:
    """Darken the object, and hang a dark cloth behind it."""
    behind = cloth(rng, supplies.textures, scene.background)
    return scene._replace(
        foreground=darkened(scene.foreground, rng.uniform(*HAIR)),
        background=darkened(behind, rng.uniform(*CLOTH)),
    )


def cloth(rng: Rng, textures: Textures, background: Field) -> Field:
    """Return a print (H, W, 3) that repeats every few pixels, perhaps mixed with the background."""
    size = background.shape[0]
    period = int(log_uniform(rng, 10, 90))
    motif = cv2.resize(textures.pattern(rng), (period, period), interpolation=cv2.INTER_AREA)
    motif = np.vstack([motif, motif[::-1]])
    motif = np.hstack([motif, motif[:, ::-1]])
    repeats = size // (2 * period) + 2
    printed = np.tile(motif, (repeats, repeats, 1))
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), rng.uniform(-45, 45), 1.0)
    printed = cv2.warpAffine(printed, turn, (size, size), borderMode=cv2.BORDER_REFLECT_101)
    opacity = np.float32(rng.uniform(0.4, 1.0))
    mixed: Field = background + (printed - background) * opacity
    return mixed


def darkened(colours: Field, level: float) -> Field:
    """Scale colours to a mean of `level`, if they are lighter."""
    factor = min(1.0, level / max(float(colour_maps.mean(colours).mean()), 1e-3))
    return colour_maps.recoloured(colours, colour_maps.scaled(factor))
