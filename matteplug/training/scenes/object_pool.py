"""A pool of current objects: drawn when first needed, used in several scenes, then replaced.

Drawing an object costs several times as much as the rest of a scene.  Scene `index` chooses among
the `size` current objects; every `reuse` scenes a new one replaces the oldest.  An object is
determined by the seed and its number, so that any scene can be made again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from matteplug.training.scenes.drawn.styles import Style
from matteplug.training.scenes.layers import Drawn
from matteplug.training.scenes.noise import Rng

ATTEMPTS = 6
LEAST_COVER = 0.02


@dataclass
class ObjectPool:
    """Chooses and draws objects.

    Args:
        drawers: styles by name.
        weights: relative frequency of each.
        generator: returns the random generator for a shard and an object's number.
        canvas_px: edge of a drawing.
        shards: indices that are equal modulo `shards` share objects.
        size: number of objects to choose from.
        reuse: number of scenes after which one object is replaced.
    """

    drawers: Mapping[str, Style]
    weights: Mapping[str, float]
    generator: Callable[[int, int], Rng]
    canvas_px: int
    shards: int
    size: int
    reuse: int
    _drawn: dict[tuple[int, int], tuple[str, Drawn]] = field(default_factory=dict, repr=False)

    def choose(self, rng: Rng, index: int, styles: Sequence[str] = ()) -> tuple[str, Drawn]:
        """Return the style and the drawing of one of the objects current at scene `index`.

        Args:
            rng: random numbers.
            index: number of the scene.
            styles: the object is of one of these styles, if any current one is.
        """
        shard, turn = index % self.shards, index // self.shards
        oldest = turn // self.reuse
        numbers: Sequence[int] = range(oldest, oldest + self.size)
        if styles:
            suitable = [number for number in numbers if self._style(shard, number)[0] in styles]
            numbers = suitable or numbers
        key = (shard, numbers[int(rng.integers(len(numbers)))])
        if key not in self._drawn:
            current = range(oldest, oldest + self.size)
            kept = {k: v for k, v in self._drawn.items() if k[0] == shard and k[1] in current}
            self._drawn = kept | {key: self._draw(*key)}
        return self._drawn[key]

    def _style(self, shard: int, number: int) -> tuple[str, Rng]:
        """Return an object's style, and the generator that it is then drawn with."""
        rng = self.generator(shard, number)
        names = list(self.weights)
        chances = np.array([self.weights[name] for name in names])
        return names[int(rng.choice(len(names), p=chances / chances.sum()))], rng

    def _draw(self, shard: int, number: int) -> tuple[str, Drawn]:
        name, rng = self._style(shard, number)
        for _ in range(ATTEMPTS):
            cutout = self.drawers[name](rng, self.canvas_px)
            if float(cutout.alpha.mean()) > LEAST_COVER * 255:
                break
        return name, Drawn.of(cutout)
