"""Colours of foregrounds and backgrounds: photographs, gradients, streaks, patterns, recoloured.

Colours come from photographs, as those of real objects do; there are no flat random colours.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from matteplug.training.scenes import colour_maps
from matteplug.training.scenes.colour_maps import ColourMap
from matteplug.training.scenes.drawn.cutout import MaterialKind
from matteplug.training.scenes.noise import Field, Rng, fractal, log_uniform
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

    def background(self, rng: Rng, zoom: tuple[float, float]) -> tuple[Field, int]:
        """Return a background and the number of the photograph it is from; `zoom`: as `crop`."""
        index = self._photographs.choose(rng)
        if rng.random() < 0.1:
            scene = self.pattern(rng)
        else:
            scene = self._photographs.crop(rng, index, self._size, zoom)
        if rng.random() < 0.45:
            scene = soften(scene, log_uniform(rng, 0.6, 9))
        return np.clip(scene, 0, 1), index

    def foreground(
        self, rng: Rng, material: MaterialKind, behind: Field, behind_index: int
    ) -> Field:
        """Return a texture that suits a material; often in the colours of its background."""
        texture, change = self._plain(rng, material, behind_index)
        if rng.random() < 0.22:  # recolour to a neighbourhood of the background
            y, x = rng.integers(0, self._size, 2)
            now = (change @ np.append(colour_maps.mean(texture), 1)).astype(np.float64)
            shift = (behind[int(y), int(x)] - now) * rng.uniform(0.3, 0.95)
            change = colour_maps.then(change, colour_maps.scaled(1.0, shift))
        if rng.random() < 0.3:
            cast = colour_maps.scaled(rng.uniform(0.5, 1.5, 3), rng.uniform(-0.12, 0.12))
            change = colour_maps.then(change, cast)
        return colour_maps.recoloured(texture, change)

    def _plain(
        self, rng: Rng, material: MaterialKind, behind_index: int
    ) -> tuple[Field, ColourMap]:
        """Return a texture and how its colours are to be changed."""
        photo = behind_index if rng.random() < 0.14 else self._photographs.choose(rng)

        def crop(low: float, high: float) -> Field:
            return self._photographs.crop(rng, photo, self._size, (low, high))

        unchanged = colour_maps.IDENTITY
        recipes: dict[MaterialKind, list[tuple[float, Callable[[], tuple[Field, ColourMap]]]]] = {
            "smoke": [
                (0.8, lambda: (self.gradient(rng), unchanged)),
                (0.2, lambda: (crop(0.1, 1.0), unchanged)),
            ],
            "strands": [  # strands have detail of their own: mostly quiet colours
                (0.35, lambda: (self.gradient(rng), unchanged)),
                (0.40, lambda: self._quiet(rng, crop(0.06, 0.6))),
                (0.25, lambda: (crop(0.1, 1.0), unchanged)),
            ],
            "solid": [
                (0.45, lambda: (crop(0.15, 1.6), unchanged)),
                (0.20, lambda: self._quiet(rng, crop(0.12, 1.0))),
                (0.15, lambda: self._relief(rng, crop(0.3, 1.5))),
                (0.10, lambda: (self.gradient(rng), unchanged)),
                (0.10, lambda: (self.pattern(rng), unchanged)),
            ],
        }
        chances = [chance for chance, _ in recipes[material]]
        return recipes[material][int(rng.choice(len(chances), p=chances))][1]()

    def _relief(self, rng: Rng, texture: Field) -> tuple[Field, ColourMap]:
        """Give one colour the light and shade of a photograph."""
        colour, depth = self._photographs.colour(rng), rng.uniform(0.3, 1.6)
        middle = colour_maps.mean(texture).mean()
        lit = colour_maps.scaled(colour * depth, colour * (1 - depth * middle))
        return texture, colour_maps.then(colour_maps.GREY, lit)

    def _quiet(self, rng: Rng, texture: Field) -> tuple[Field, ColourMap]:
        """Lower a photograph's contrast, perhaps around another colour."""
        middle = colour_maps.mean(texture)
        colour = self._photographs.colour(rng) if rng.random() < 0.5 else middle
        contrast = rng.uniform(0.25, 1.0)
        return texture, colour_maps.scaled(contrast, colour - contrast * middle)

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
        return colour_maps.mixed(self.gradient(rng), self.gradient(rng), mask.astype(np.float32))


def soften(scene: Field, sigma: float) -> Field:
    """Return (H, W, 3) blurred; wide blurs are computed at half the resolution."""
    if sigma < 3:
        return cv2.GaussianBlur(scene, (0, 0), sigma)
    half = cv2.resize(scene, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    size = (scene.shape[1], scene.shape[0])
    return cv2.resize(cv2.GaussianBlur(half, (0, 0), sigma / 2), size)
