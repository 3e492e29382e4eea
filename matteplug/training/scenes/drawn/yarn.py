"""Thick yarn and rope: twisted plies with fuzz, hanging as a fringe, lying in loops."""

from __future__ import annotations

import numpy as np

from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import NEUTRAL, Canvas, Cutout
from matteplug.training.scenes.drawn.strands import Floats, courses, fall
from matteplug.training.scenes.noise import Rng, log_uniform

SAMPLES = 2
PLY = 0.45
"""Distance between two plies along the yarn, as a fraction of its width."""
FUZZ_LENGTH = 0.5
"""Mean length of a loose fibre, as a fraction of the yarn's width."""


def yarn(rng: Rng, size_px: int) -> Cutout:
    """Draw a fringe on a piece of cloth, or ropes in long curves."""
    canvas = Canvas(size_px, SAMPLES)
    width = log_uniform(rng, 7, 44)
    paths = fringe(rng, canvas, width) if rng.random() < 0.6 else ropes(rng, canvas.edge)
    tone, shade = rng.uniform(0, 255), NEUTRAL * rng.uniform(0.6, 1.1)
    slant, fuzz = rng.uniform(0.2, 0.9), rng.uniform(0, 2.5)
    for path in paths:
        twisted(
            rng,
            canvas,
            path,
            width=width * rng.uniform(0.8, 1.2),
            shade=shade * rng.uniform(0.8, 1.2),
            tone=tone + rng.normal(0, 40),
            slant=slant,
            fuzz=fuzz,
        )
    return canvas.focused(rng, "strands")


def fringe(rng: Rng, canvas: Canvas, width: float) -> Floats:
    """Draw a piece of cloth; return the (L, POINTS, 2) yarns that hang from its lower edge."""
    edge = canvas.edge
    middle = np.array([rng.uniform(0.35, 0.65), rng.uniform(0.1, 0.4)]) * edge
    across, down = rng.uniform(0.2, 0.6) * edge, rng.uniform(0.06, 0.25) * edge
    tilt = outlines.rotation(rng.normal(0, 0.25))
    corners = np.array([[-across, -down], [across, -down], [across, down], [-across, down]])
    canvas.fill(middle + corners @ tilt, NEUTRAL * rng.uniform(0.6, 1.2), rng.uniform(0, 255))
    spacing = width * log_uniform(rng, 0.8, 3.0)
    along = np.arange(-across, across, spacing)
    along = along + rng.normal(0, 0.1 * spacing, len(along))
    roots = middle + np.stack([along, np.full(len(along), 0.9 * down)], axis=1) @ tilt
    angles = np.pi / 2 + rng.normal(0, rng.uniform(0.02, 0.3), len(along))
    lengths = rng.uniform(0.15, 0.55) * edge * rng.uniform(0.8, 1.1, len(along))
    return courses(rng, roots, angles, lengths, rng.uniform(0.05, 0.6))


def ropes(rng: Rng, edge: int) -> Floats:
    """Return a few long sagging curves (L, POINTS, 2), some of them loops."""
    count = int(rng.integers(2, 8))
    roots = rng.uniform(0.0, 0.7, (count, 2)) * edge
    lengths = rng.uniform(0.5, 1.2, count) * edge
    paths = courses(rng, roots, rng.uniform(0, 2 * np.pi, count), lengths, rng.uniform(0.3, 3.0))
    return fall(paths, rng.uniform(0.0, 0.4))


def rounded(path: Floats) -> Floats:
    """Return a curve (M, 2) with its corners cut (Chaikin 1974), twice."""
    for _ in range(2):
        start, end = path[:-1], path[1:]
        cut = np.stack([0.75 * start + 0.25 * end, 0.25 * start + 0.75 * end], axis=1)
        path = np.concatenate([path[:1], cut.reshape(-1, 2), path[-1:]])
    return path


def twisted(
    rng: Rng,
    canvas: Canvas,
    path: Floats,
    *,
    width: float,
    shade: float,
    tone: float,
    slant: float,
    fuzz: float,
) -> None:
    """Draw one yarn along a curve (M, 2): loose fibres, shadow, and plies that cross it slanted."""
    path = rounded(path)
    length = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
    plies = max(3, int(length / (PLY * width)))
    at = np.linspace(0, len(path) - 1, plies)
    knots = np.arange(len(path))
    points = np.stack([np.interp(at, knots, path[:, axis]) for axis in (0, 1)], axis=1)
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True) + 1e-6
    normals = np.stack([-tangents[:, 1], tangents[:, 0]], axis=1)
    fibres = int(fuzz * plies)
    if fibres:
        root = rng.integers(0, plies, fibres)
        side = rng.choice([-1.0, 1.0], (fibres, 1)) * normals[root] * width
        astray = rng.normal(0, FUZZ_LENGTH * width, (fibres, 2))
        start = points[root] + 0.4 * side
        canvas.strokes(np.stack([start, start + 0.2 * side + astray], axis=1), 1, shade, tone)
    canvas.strokes(points[None], width, shade * 0.55, tone)
    reach = 0.4 * width * normals + slant * 0.4 * width * tangents
    ply = np.stack([points - reach, points + reach], axis=1)
    canvas.strokes(ply, PLY * width * 0.75, shade, tone)
    canvas.strokes(0.5 * (ply + points[:, None]), PLY * width * 0.4, shade * 1.3, tone)
