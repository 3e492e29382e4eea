"""The table of styles that can be drawn, and their relative frequencies."""

from __future__ import annotations

from collections.abc import Callable

from matteplug.training.scenes.drawn import (
    branches,
    fabric,
    feathers,
    glass,
    loose_hairs,
    shapes,
    smoke,
    strands,
    wire,
    yarn,
)
from matteplug.training.scenes.drawn.cutout import Cutout
from matteplug.training.scenes.noise import Rng

Style = Callable[[Rng, int], Cutout]

STYLES: dict[str, Style] = {
    "fur": strands.fur,
    "hair": strands.hair,
    "mane": strands.mane,
    "veil": strands.veil,
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
    "smoke": smoke.smoke,
    "glass": glass.glass,
    "yarn": yarn.yarn,
    "wire": wire.wire,
    "flyaways": loose_hairs.loose_hairs,
}

WEIGHTS: dict[str, float] = {
    "fur": 24,
    "hair": 10,
    "mane": 7,
    "veil": 9,
    "tuft": 6,
    "feathers": 4,
    "tree": 9,
    "foliage": 5,
    "net": 5,
    "lace": 2,
    "wicker": 6,
    "solid": 13,
    "bars": 4,
    "letters": 2,
    "smoke": 1,
    "glass": 1,
    "yarn": 3,
    "wire": 4,
    "flyaways": 3,
    "sprites": 3,
    "people": 14,
    "subjects": 14,
}
