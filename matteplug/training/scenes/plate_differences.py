"""Differences between a plate and its picture that are not due to the camera.

The object casts a shadow and is reflected by a floor or a wall; small objects come and go.  All of
it is background and does not affect alpha.
"""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes import colour_maps
from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import fixed
from matteplug.training.scenes.drawn.outlines import Points
from matteplug.training.scenes.noise import Field, Rng, log_uniform

SHADOW_PROBABILITY, REFLECTION_PROBABILITY, VISITORS_PROBABILITY = 0.6, 0.2, 0.2
"""Probabilities of a shadow, of a reflection if the crop has room for it, and of small visitors."""
TURNS = (0, 0, 1, 3)
"""Quarter turns that bring the reflecting side down: a floor as often as a wall."""
SMALL = (0.008, 0.04)
"""Least and largest radius of a visitor, as a fraction of the picture's side."""


def between(rng: Rng, background: Field, foreground: Field, alpha: Field) -> tuple[Field, Field]:
    """Return a background as captured in the plate, and as it is behind the object.

    Args:
        rng: random numbers.
        background: (H, H, 3) float32 [0, 1].
        foreground: (H, H, 3) float32 [0, 1], straight colours of the object.
        alpha: (H, H) float32 [0, 1] of the object.
    """
    empty = behind = background
    if rng.random() < VISITORS_PROBABILITY:
        if rng.random() < 0.5:
            empty = with_visitors(rng, background)
        else:
            behind = with_visitors(rng, background)
    if rng.random() < SHADOW_PROBABILITY:
        behind = with_shadow(rng, behind, alpha)
    if rng.random() < REFLECTION_PROBABILITY:
        behind = with_reflection(rng, behind, foreground, alpha)
    return empty, behind


def with_shadow(rng: Rng, background: Field, alpha: Field) -> Field:
    """Cast a soft shadow of the object (H, H) on its background (H, H, 3)."""
    size = alpha.shape[0]
    matrix = np.array([[1.0, rng.normal(0, 0.2), 0.0], [0.0, rng.uniform(0.7, 1.1), 0.0]])
    matrix[:, 2] = rng.normal(0, 0.08, 2) * size
    low = cv2.resize(alpha, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    matrix[:, 2] *= 0.25
    cast = cv2.warpAffine(low, matrix, (low.shape[1], low.shape[0]))
    cast = cv2.GaussianBlur(cast, (0, 0), log_uniform(rng, 0.5, 8))
    cast = cv2.resize(cast, (size, size)) * np.float32(rng.uniform(0.1, 0.6))
    darker: Field = background * colour_maps.spread(1 - cast)
    return darker


def with_reflection(rng: Rng, background: Field, foreground: Field, alpha: Field) -> Field:
    """Reflect the object in a floor below or a wall beside it: faint, soft and fading.

    One of the sides at which the object ends within the picture is chosen, if there is one.
    """
    size = alpha.shape[0]
    ends = {turns: _end(np.rot90(alpha, turns)) for turns in TURNS}
    sides = [turns for turns in TURNS if ends[turns] < 0.95 * size]
    if not sides:
        return background
    turns = sides[int(rng.integers(len(sides)))]
    line = ends[turns]
    layer = np.rot90(colour_maps.premultiplied(foreground, alpha), turns)
    depth = min(line, size - line)
    image = np.zeros_like(layer)
    image[line : line + depth] = layer[line - depth : line][::-1]
    image = cv2.GaussianBlur(image, (0, 0), log_uniform(rng, 0.4, 0.02 * size))
    away = np.maximum(np.arange(size) - line, 0) / (rng.uniform(0.1, 0.8) * size)
    image *= (rng.uniform(0.15, 0.6) * np.exp(-away))[:, None, None].astype(np.float32)
    return _over(np.ascontiguousarray(np.rot90(image, -turns)), background)


def _end(alpha: Field) -> int:
    """Return the row below which there is almost nothing of an object; 0 without an object."""
    rows = np.nonzero((alpha > 0.5).mean(axis=1) > 0.05)[0]
    return int(rows[-1]) + 1 if len(rows) else 0


def with_visitors(rng: Rng, background: Field) -> Field:
    """Add one to three small sharp objects to a background: leaves, birds, distant cars."""
    size = background.shape[0]
    layer = np.zeros((size, size, 4), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        centre, radius = rng.uniform(0, size, 2), log_uniform(rng, *SMALL) * size
        outline = VISITORS[int(rng.integers(len(VISITORS)))](rng, centre, radius)
        y, x = rng.integers(0, size, 2)
        colour = background[y, x] * 255 * rng.uniform(0.1, 1.6)
        for scale, shade in ((1.0, 1.0), (0.5, rng.uniform(0.4, 1.6))):
            look = (*np.clip(colour * shade, 0, 255).tolist(), 255.0)
            part = centre + (outline - centre) * scale
            cv2.fillPoly(layer, [fixed(part)], look, cv2.LINE_AA, 4)
    return _over(layer.astype(np.float32) * np.float32(1 / 255), background)


def leaf(rng: Rng, centre: Points, radius: float) -> Points:
    """Return a pointed oval."""
    along = np.linspace(-1, 1, 9)
    half = rng.uniform(0.2, 0.6) * np.cos(np.pi / 2 * along)
    outline = np.concatenate([np.stack([along, half], 1), np.stack([along, -half], 1)[::-1]])
    return centre + radius * outline @ outlines.rotation(rng.uniform(0, 2 * np.pi))


def bird(rng: Rng, centre: Points, radius: float) -> Points:
    """Return a pair of wings."""
    across = np.linspace(-1, 1, 13)
    lift = -rng.uniform(0.2, 0.7) * np.sin(rng.uniform(1.5, 3.0) * np.abs(across))
    chord = rng.uniform(0.15, 0.4) * (1 - np.abs(across))
    upper, lower = np.stack([across, lift], 1), np.stack([across, lift + chord], 1)
    outline = np.concatenate([upper, lower[::-1]])
    return centre + radius * outline @ outlines.rotation(rng.normal(0, 0.4))


VISITORS = (leaf, bird, outlines.blob, outlines.box)


def _over(layer: Field, below: Field) -> Field:
    """Lay premultiplied (H, W, 4) over (H, W, 3)."""
    colour = cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB)
    laid: Field = colour + below * colour_maps.spread(1 - cv2.extractChannel(layer, 3))
    return laid
