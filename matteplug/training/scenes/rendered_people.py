"""Rendered people with alpha, from the user's folder: sprites that stand upright."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from matteplug.training.scenes.drawn.cutout import U8, Cutout
from matteplug.training.scenes.noise import Rng
from matteplug.training.scenes.sprites import Sprites
from matteplug.training.scenes.textures import soften

LEAST_COVER, MOST_COVER = 0.03, 0.88
ATTEMPTS = 8
BLURRED_FACE_PROBABILITY = 0.2
"""Probability that a face is blurred, as published photographs have it."""


class People(Sprites):
    """A folder of pictures of people with an alpha channel; see `Sprites`."""

    tilt_deg = 0.0  # the drawing's frame stays that of the render, which may cut the person
    scales = (1.0, 1.0)
    colourless = 0

    def __call__(self, rng: Rng, size_px: int) -> Cutout:
        """Return a person in the square; renders that show almost nothing, or no edge, are skipped.

        Raises:
            RequestError: the file is damaged or has no alpha channel.
        """
        for _ in range(ATTEMPTS):
            person = super().__call__(rng, size_px)
            if LEAST_COVER < person.alpha.mean() / 255 < MOST_COVER:
                break
        if person.colour is None or rng.random() > BLURRED_FACE_PROBABILITY:
            return person
        return replace(person, colour=anonymous(person.colour, person.alpha))


def anonymous(colour: U8, alpha: U8) -> U8:
    """Return colours with the likely face blurred: an ellipse below the top of the person.

    Args:
        colour: (N, N, 3) uint8.
        alpha: (N, N) uint8.
    """
    rows, columns = np.nonzero(alpha > 230)
    if len(rows) == 0:
        return colour
    top = rows.min()
    upper = rows < top + 0.45 * (rows.max() - top)
    width = max(6.0, float(columns[upper].std()))
    centre = (float(np.median(columns[upper])), float(top + 1.3 * width))
    mask = np.zeros(alpha.shape, np.float32)
    cv2.ellipse(mask, (centre, (1.6 * width, 2.1 * width), 0.0), 1.0, cv2.FILLED, cv2.LINE_AA)
    blurred = soften(colour, 0.4 * width)
    return np.where(mask[..., None] > 0.5, blurred, colour).astype(np.uint8)
