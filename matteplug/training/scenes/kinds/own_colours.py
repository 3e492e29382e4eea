"""An opaque thing in colours of its own that touches the object and is wholly unknown.

A flag, a bag, a sleeve, a stick: its colours are known nowhere, only its shape, its sharp edge and
what it touches tell that it belongs to the foreground.
"""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes import colour_maps, layers, trimaps
from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import Canvas
from matteplug.training.scenes.kinds.kind import SceneLayers, Supplies
from matteplug.training.scenes.noise import Field, Rng, fractal, log_uniform

SAMPLES = 2
DEEP_PX = 6.0
"""Depth in the object at which a thing is fixed to it."""
OPAQUE = 0.98
BACKGROUNDS_COLOURS_PROBABILITY = 0.35
"""Probability that the thing has the background's colours."""
PIECES = 24


def arrange(rng: Rng, scene: SceneLayers, supplies: Supplies) -> SceneLayers:
    """Add one thing, in front of the object or behind it; nothing where no object is opaque."""
    size = scene.alpha.shape[0]
    body = (scene.alpha > OPAQUE).astype(np.uint8)
    depth = trimaps.distance_from(1 - body)
    rows, columns = np.nonzero((depth > DEEP_PX / 2) & (depth < 2 * DEEP_PX))
    if not len(rows):
        return scene
    at = int(rng.integers(len(rows)))
    root = np.array([columns[at], rows[at]], np.float64)
    canvas = Canvas(size, SAMPLES)
    canvas.fill(outline(rng, root, outward(rng, scene.alpha, root), size) * SAMPLES)
    thing = canvas.finish("solid").alpha * np.float32(1 / 255)
    colour = colours(rng, scene.background, supplies)
    before = rng.random() < 0.5
    seen = thing if before else thing * (1 - scene.alpha)
    if before:
        foreground, alpha = layers.over(colour, thing, scene.foreground, scene.alpha)
    else:
        foreground, alpha = layers.over(scene.foreground, scene.alpha, colour, thing)
    return scene._replace(foreground=foreground, alpha=np.clip(alpha, 0, 1), hidden=seen > 0)


def outward(rng: Rng, alpha: Field, root: outlines.Points) -> outlines.Points:
    """Return the unit vector (x, y) from a place in the object to the nearest background."""
    smooth = cv2.GaussianBlur(alpha, (0, 0), 8.0)
    x, y = int(root[0]), int(root[1])
    slope = np.array([cv2.Sobel(smooth, cv2.CV_32F, *axes)[y, x] for axes in ((1, 0), (0, 1))])
    direction = -slope / (np.linalg.norm(slope) + 1e-6) + rng.normal(0, 0.4, 2)
    unit: outlines.Points = direction / (np.linalg.norm(direction) + 1e-6)
    return unit


def outline(
    rng: Rng, root: outlines.Points, direction: outlines.Points, size: int
) -> outlines.Points:
    """Return the outline (M, 2) of a stick, a sleeve, a flag or a bag that starts at the root."""
    across = np.array([-direction[1], direction[0]])
    t = np.linspace(0, 1, PIECES)[:, None]
    kind = rng.random()
    if kind < 0.15:  # a stick
        length, half = (
            rng.uniform(0.25, 0.9) * size,
            log_uniform(rng, 0.006, 0.027) * size * np.ones_like(t),
        )
    elif kind < 0.4:  # a sleeve, a strap
        length = rng.uniform(0.2, 0.6) * size
        half = log_uniform(rng, 0.02, 0.1) * size * (1 + rng.uniform(-0.5, 0.8) * t)
    elif kind < 0.75:  # a flag, a sheet, that flutters
        length = rng.uniform(0.25, 0.7) * size
        half = rng.uniform(0.1, 0.3) * size * np.ones_like(t)
    else:  # a bag, a ball
        radius = log_uniform(rng, 0.05, 0.22) * size
        return outlines.blob(rng, root + direction * 0.8 * radius, radius)
    bend = rng.normal(0, 0.12) * length * t**2
    waves = rng.uniform(0, 0.12) * half.mean() * np.sin(rng.uniform(2, 14) * t + rng.uniform(0, 6))
    course = root + direction * length * t + across * (bend + waves)
    return np.concatenate([course + across * half, (course - across * half)[::-1]])


def colours(rng: Rng, background: Field, supplies: Supplies) -> Field:
    """Return the thing's colours (H, W, 3), in folds: the background's, or its own."""
    if rng.random() < BACKGROUNDS_COLOURS_PROBABILITY:
        colour = np.ascontiguousarray(background[::-1, ::-1])
    else:
        colour = supplies.textures.foreground(rng, "solid", background, supplies.photo)
    if rng.random() < 0.6:
        folds = 1 + np.float32(rng.uniform(0.2, 0.6)) * (fractal(rng, len(colour), (1, 4)) - 0.6)
        colour = np.clip(colour * colour_maps.spread(folds.astype(np.float32)), 0, 1)
    return colour
