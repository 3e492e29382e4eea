"""Colours of foregrounds and backgrounds: photographs, gradients, streaks, patterns, recoloured.

Colours of photographs are everywhere, because real things have them; flat random colours are not.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from matteplug.training.scenes.cutout import Material
from matteplug.training.scenes.noise import Field, Rng, fractal
from matteplug.training.scenes.photographs import Photographs


class Textures:
    """Makes (size, size, 3) float32 [0, 1] textures.

    Args:
        photographs: where colours and detail come from.
        size_px: edge of a texture.
    """

    def __init__(self, photographs: Photographs, size_px: int) -> None:
        self._photographs = photographs
        self._size = size_px

    def background(self, rng: Rng) -> tuple[Field, int]:
        """Return a background and the number of the photograph it is from."""
        index = self._photographs.choose(rng)
        if rng.random() < 0.1:
            scene = self.pattern(rng)
        else:
            scene = self._photographs.crop(rng, index, self._size, (0.35, 2.2))
        if rng.random() < 0.45:
            scene = cv2.GaussianBlur(
                scene, (0, 0), float(np.exp(rng.uniform(np.log(0.6), np.log(9))))
            )
        return np.clip(scene, 0, 1), index

    def foreground(self, rng: Rng, material: Material, behind: Field, behind_index: int) -> Field:
        """Return a texture that suits a material; often in the colours of what lies behind it."""
        texture = self._plain(rng, material, behind_index)
        if rng.random() < 0.3:  # recolour to a neighbourhood of the background
            y, x = rng.integers(0, self._size, 2)
            target = behind[int(y), int(x)]
            texture = texture + (target - texture.mean(axis=(0, 1))) * rng.uniform(0.4, 1.0)
        if rng.random() < 0.3:
            texture = texture * rng.uniform(0.5, 1.5, 3) + rng.uniform(-0.12, 0.12)
        return np.clip(texture, 0, 1).astype(np.float32)

    def _plain(self, rng: Rng, material: Material, behind_index: int) -> Field:
        photo = behind_index if rng.random() < 0.2 else self._photographs.choose(rng)

        def crop(low: float, high: float) -> Field:
            return self._photographs.crop(rng, photo, self._size, (low, high))

        recipes: dict[Material, list[tuple[float, Callable[[], Field]]]] = {
            "vapour": [(0.8, lambda: self.gradient(rng)), (0.2, lambda: crop(0.1, 1.0))],
            "strands": [  # strands bring their own detail: mostly quiet colours under it
                (0.35, lambda: self.gradient(rng)),
                (0.40, lambda: self._quiet(rng, crop(0.06, 0.6))),
                (0.25, lambda: crop(0.1, 1.0)),
            ],
            "solid": [
                (0.45, lambda: crop(0.15, 1.6)),
                (0.20, lambda: self._quiet(rng, crop(0.12, 1.0))),
                (0.15, lambda: self._relief(rng, crop(0.3, 1.5))),
                (0.10, lambda: self.gradient(rng)),
                (0.10, lambda: self.pattern(rng)),
            ],
        }
        chances = [chance for chance, _ in recipes[material]]
        return recipes[material][int(rng.choice(len(chances), p=chances))][1]()

    def _relief(self, rng: Rng, texture: Field) -> Field:
        """Give one colour the light and shade of a photograph."""
        grey = texture.mean(axis=2, keepdims=True)
        lit: Field = self._photographs.colour(rng) * (
            1 + np.float32(rng.uniform(0.3, 1.6)) * (grey - grey.mean())
        )
        return lit

    def _quiet(self, rng: Rng, texture: Field) -> Field:
        mean = texture.mean(axis=(0, 1))
        colour = self._photographs.colour(rng) if rng.random() < 0.5 else mean
        quiet: Field = colour + (texture - mean) * np.float32(rng.uniform(0.25, 1.0))
        return quiet

    def gradient(self, rng: Rng) -> Field:
        """Return a smooth blend of a few photographs' colours."""
        cells = int(rng.integers(2, 5))
        grid = np.stack([self._photographs.colour(rng) for _ in range(cells * cells)])
        if rng.random() < 0.6:
            grid = grid.mean(axis=0) + (grid - grid.mean(axis=0)) * rng.uniform(0, 0.6)
        grid = grid.reshape(cells, cells, 3).astype(np.float32)
        blend = cv2.resize(grid, (self._size, self._size), interpolation=cv2.INTER_CUBIC)
        return np.clip(blend, 0, 1)

    def pattern(self, rng: Rng) -> Field:
        """Return two gradients mixed by noise, blots or stripes."""
        size = self._size
        if rng.random() < 0.3:
            y, x = np.mgrid[0:size, 0:size].astype(np.float32)
            angle, rate = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(0.05), np.log(1.0)))
            mask = 0.5 + 0.5 * np.sin((x * np.cos(angle) + y * np.sin(angle)) * rate)
        else:
            mask = fractal(rng, size, (1, 6))
            if rng.random() < 0.5:
                mask = np.clip((mask - rng.uniform(0.35, 0.65)) * rng.uniform(4, 60) + 0.5, 0, 1)
        mask = mask.astype(np.float32)[..., None]
        mixed: Field = self.gradient(rng) * mask + self.gradient(rng) * (1 - mask)
        return mixed
