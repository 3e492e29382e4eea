"""Synthetic scenes with exactly known alpha, foreground and background: an endless stream by seed.

`SceneSource(seed=…, size_px=…, photos=…).sample(index)` returns a `Scene`.
"""

from matteplug.training.scenes.drawn.styles import STYLES, WEIGHTS
from matteplug.training.scenes.kinds.table import KIND_WEIGHTS, KINDS
from matteplug.training.scenes.source import (
    NO_EFFECTS,
    Effects,
    Layout,
    Scene,
    SceneSource,
    single_threaded,
)

__all__ = [
    "KINDS",
    "KIND_WEIGHTS",
    "NO_EFFECTS",
    "STYLES",
    "WEIGHTS",
    "Effects",
    "Layout",
    "Scene",
    "SceneSource",
    "single_threaded",
]
