"""Rendered people with alpha, of a folder that the user names: sprites that stand upright."""

from __future__ import annotations

from matteplug.training.scenes.cutout import Cutout
from matteplug.training.scenes.noise import Rng
from matteplug.training.scenes.sprites import Sprites

LEAST_COVER, MOST_COVER = 0.03, 0.88
ATTEMPTS = 8


class People(Sprites):
    """A folder of pictures of people with an alpha channel.

    Raises:
        RequestError: no pictures there.
    """

    tilt_deg = 8.0

    def __call__(self, rng: Rng, size_px: int) -> Cutout:
        """Return a person in the square; renders that show almost nothing or no edge are skipped.

        Raises:
            RequestError: the file is damaged or has no alpha channel.
        """
        for _ in range(ATTEMPTS):
            person = super().__call__(rng, size_px)
            if LEAST_COVER < person.alpha.mean() / 255 < MOST_COVER:
                break
        return person
