"""Colour bleed: an object's colours, extended to where it covers nothing.

Views are interpolated and inverted later, so black around an object would darken its soft edge.
"""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes import colour_maps
from matteplug.training.scenes.noise import Field

THIN, SOLID = 0.1, 0.6
"""A pixel's own colour is ignored up to the first alpha and used alone from the second on: a thin
pixel's colour comes from few samples or few levels."""
SUFFICIENT = 0.25
"""Mean alpha from which on a neighbourhood's mean colour is used as it is; below, a wider one is
mixed in."""


def extended(layer: Field) -> Field:
    """Return straight colours, extended smoothly from where alpha is high to everywhere.

    Args:
        layer: (H, W, 4) float32, premultiplied RGB and alpha in [0, 1].

    Returns:
        (H, W, 3) float32 [0, 1]; black where alpha is 0 everywhere.
    """
    levels = [layer]
    while max(levels[-1].shape[:2]) > 1:
        height, width = levels[-1].shape[:2]
        half = (max(1, width // 2), max(1, height // 2))
        levels.append(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA))
    colour = _straight(levels[-1])
    for level in reversed(levels[:-1]):
        alpha = cv2.extractChannel(level, 3)
        coarser = cv2.resize(colour, alpha.shape[::-1])
        least, most = (THIN, SOLID) if level is layer else (0.0, SUFFICIENT)
        weight = np.clip((alpha - np.float32(least)) * np.float32(1 / (most - least)), 0, 1)
        colour = cv2.blendLinear(_straight(level), coarser, weight, 1 - weight)
    return np.clip(colour, 0, 1, out=colour)


def _straight(level: Field) -> Field:
    alpha = np.maximum(cv2.extractChannel(level, 3), np.float32(1e-12))
    straight: Field = cv2.cvtColor(level, cv2.COLOR_RGBA2RGB) / colour_maps.spread(alpha)
    return straight
