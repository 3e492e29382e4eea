"""What a kind of scene consists of: its objects, how they are arranged, how its trimap is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matteplug.training.scenes import trimaps
from matteplug.training.scenes.drawn.cutout import U8
from matteplug.training.scenes.noise import Field, Rng
from matteplug.training.scenes.textures import Textures


class SceneLayers(NamedTuple):
    """A scene before it is graded and composited.

    Attributes:
        foreground: (H, W, 3) float32 [0, 1], straight colours.
        alpha: (H, W) float32 [0, 1].
        background: (H, W, 3) float32 [0, 1].
        hidden: (H, W) bool, what the trimap must not give away; None for nothing.
    """

    foreground: Field
    alpha: Field
    background: Field
    hidden: Field | None = None


class Supplies(NamedTuple):
    """What a kind can take more colours and objects from.

    Attributes:
        textures: colours from photographs.
        photo: the number of the photograph that the background is from.
        another: returns the colours (H, W, 3) and alpha (H, W) of another placed object of one of
            these styles, of any style if none of them is at hand.
    """

    textures: Textures
    photo: int
    another: Callable[[Sequence[str]], tuple[Field, Field]]


Arrange = Callable[[Rng, SceneLayers, Supplies], SceneLayers]
DrawTrimap = Callable[[Rng, U8, Field | None], U8]
"""From an alpha (H, W) uint8 and what is hidden (see `SceneLayers`) to a trimap 0, 128, 255."""


def as_it_is(rng: Rng, layers: SceneLayers, supplies: Supplies) -> SceneLayers:
    """Change nothing."""
    return layers


@dataclass(frozen=True)
class Kind:
    """A kind of scene.

    Attributes:
        arrange: changes the layers.
        objects: styles of its objects; empty for any.
        trimap: draws its trimap.
    """

    arrange: Arrange = as_it_is
    objects: tuple[str, ...] = ()
    trimap: DrawTrimap = trimaps.draw
