"""The table of kinds of scenes, and their frequencies relative to those of the drawn styles."""

from __future__ import annotations

from matteplug.training.scenes.kinds import (
    camouflage,
    careless,
    clutter,
    dark_on_dark,
    gaps,
    own_colours,
    strokes,
)
from matteplug.training.scenes.kinds.kind import Kind

KINDS: dict[str, Kind] = {
    "things": Kind(own_colours.arrange),
    "clutter": Kind(clutter.arrange, clutter.OBJECTS),
    "dark": Kind(dark_on_dark.arrange, dark_on_dark.OBJECTS),
    "camouflage": Kind(camouflage.arrange, camouflage.OBJECTS),
    "gaps": Kind(gaps.arrange),
    "careless": Kind(trimap=careless.draw),
    "strokes": Kind(trimap=strokes.draw),
}

KIND_WEIGHTS: dict[str, float] = {
    "things": 4.5,
    "clutter": 2,
    "dark": 2,
    "camouflage": 2,
    "gaps": 2,
    "careless": 3,
    "strokes": 4,
}
