"""Trees, twigs and leaves: fractal branching with foliage that shades itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import NEUTRAL, Canvas, Cutout
from matteplug.training.scenes.drawn.strands import courses
from matteplug.training.scenes.noise import Rng

SAMPLES = 2
MOST_TWIGS = 400
Floats = NDArray[np.float64]


def tree(rng: Rng, size_px: int) -> Cutout:
    """Draw one to three branching stems, usually in leaf, sometimes out of a pot."""
    canvas = Canvas(size_px, SAMPLES)
    edge = canvas.edge
    stems = int(rng.integers(1, 4))
    at = np.array([0.5, 0.85]) * edge + rng.normal(0, 0.1, (stems, 2)) * edge
    heading = -np.pi / 2 + rng.normal(0, 0.6, stems)
    length = rng.uniform(0.14, 0.28) * edge * rng.uniform(0.7, 1.1, stems)
    width = rng.uniform(5, 22)
    shrink, spread = rng.uniform(0.62, 0.85), rng.uniform(0.25, 0.8)
    twigs: list[Floats] = []
    for _ in range(int(rng.integers(4, 8))):
        paths = courses(rng, at, heading, length, 0.3)
        shade = NEUTRAL * rng.uniform(0.5, 1.1)
        canvas.strokes(paths, width, shade, 255)
        canvas.strokes(paths, width * 0.4, shade * 1.25, 255)
        twigs.append(np.concatenate([paths[:, 7], paths[:, -1]]))
        children = int(rng.integers(2, 4))
        from_ = rng.integers(5, paths.shape[1], (len(paths), children))
        at = paths[np.arange(len(paths))[:, None], from_].reshape(-1, 2)
        heading = (heading[:, None] + rng.normal(0, spread, (len(heading), children))).ravel()
        length = (length[:, None] * shrink * rng.uniform(0.6, 1.1, (len(length), children))).ravel()
        keep = rng.permutation(len(at))[:MOST_TWIGS]
        at, heading, length = at[keep], heading[keep], length[keep]
        width = max(1.0, width * rng.uniform(0.5, 0.75))
    if rng.random() < 0.8:
        where = np.concatenate(twigs[len(twigs) // 3 :])
        leaves(rng, canvas, where, rng.uniform(0.007, 0.05) * edge)
    if rng.random() < 0.4:
        pot = outlines.blob(rng, np.array([0.5, 0.95]) * edge, rng.uniform(0.08, 0.2) * edge, 0.1)
        canvas.fill(pot, NEUTRAL * rng.uniform(0.6, 1.2), rng.uniform(0, 255))
    return canvas.focused(rng, "strands" if rng.random() < 0.5 else "solid")


def foliage(rng: Rng, size_px: int) -> Cutout:
    """Draw a crowd of leaves with gaps between: a bush, ferns, a heap of petals."""
    canvas = Canvas(size_px, SAMPLES)
    middle = outlines.somewhere(rng, canvas.edge)
    spread = rng.uniform(0.08, 0.22) * canvas.edge
    where = middle + rng.normal(0, spread, (int(rng.integers(80, 500)), 2))
    leaves(rng, canvas, where, rng.uniform(0.02, 0.08) * canvas.edge)
    return canvas.focused(rng, "solid")


def leaves(rng: Rng, canvas: Canvas, where: Floats, length: float) -> None:
    """Put a pointed leaf at each place, far ones darker, each with a midrib's change of light."""
    along = np.linspace(0, 1, 7)
    plump = rng.uniform(0.12, 0.45)
    pointed = rng.uniform(0.5, 1.2)
    half = plump * np.sin(np.pi * along) ** pointed
    upper = np.stack([along, half], axis=1)
    lower = np.stack([along, -half], axis=1)
    tone = rng.uniform(0, 200)
    order = rng.permutation(len(where))
    for rank, index in enumerate(order):
        turn = outlines.rotation(rng.uniform(0, 2 * np.pi)) * length * rng.uniform(0.5, 1.3)
        depth = 0.55 + 0.6 * rank / len(order)
        shade = NEUTRAL * depth * np.exp(rng.normal(0, 0.2))
        own_tone = np.clip(tone + rng.normal(0, 40), 0, 255)
        canvas.fill(where[index] + np.concatenate([upper, lower[::-1]]) @ turn, shade, own_tone)
        canvas.fill(where[index] + upper @ turn, np.clip(shade * 1.25, 0, 255), own_tone)
