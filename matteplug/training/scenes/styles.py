"""The table of what can be drawn, and how often each is."""

from __future__ import annotations

from collections.abc import Callable

from matteplug.training.scenes import branches, fabric, feathers, glass, shapes, strands, vapour
from matteplug.training.scenes.cutout import Cutout
from matteplug.training.scenes.noise import Rng

Style = Callable[[Rng, int], Cutout]

STYLES: dict[str, Style] = {
    "fur": strands.fur,
    "hair": strands.hair,
    "mane": strands.mane,
    "tuft": strands.tuft,
    "feathers": feathers.feathers,
    "tree": branches.tree,
    "foliage": branches.foliage,
    "net": fabric.net,
    "lace": fabric.lace,
    "wicker": fabric.wicker,
    "solid": shapes.solid,
    "bars": shapes.bars,
    "letters": shapes.letters,
    "smoke": vapour.smoke,
    "glass": glass.glass,
}

WEIGHTS: dict[str, float] = {
    "fur": 20,
    "hair": 13,
    "mane": 9,
    "tuft": 8,
    "feathers": 4,
    "tree": 8,
    "foliage": 5,
    "net": 6,
    "lace": 2,
    "wicker": 5,
    "solid": 11,
    "bars": 4,
    "letters": 2,
    "smoke": 1,
    "glass": 1.5,
    "sprites": 3,
}
