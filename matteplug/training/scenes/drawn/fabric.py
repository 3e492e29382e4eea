"""Nets, lace, weaves and wickerwork: meshes whose holes show the background."""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import NEUTRAL, Canvas, Cutout, from_premultiplied
from matteplug.training.scenes.noise import Field, Rng, fractal, log_uniform

SAMPLES = 2


def net(rng: Rng, size_px: int) -> Cutout:
    """Draw a bent mesh (square, triangular, round-holed or ribbed) cut to a shape with a rim."""
    edge = size_px * SAMPLES
    threads = mesh(rng, edge)
    canvas = Canvas(size_px, SAMPLES)
    outline = outlines.blob(
        rng, outlines.somewhere(rng, edge, 0.35, 0.65), rng.uniform(0.25, 0.6) * edge
    )
    canvas.fill(outline, 255)
    cut = canvas.pixels[..., 0].astype(np.float32) / 255 if rng.random() < 0.8 else np.float32(1)
    canvas.pixels[..., 0] = threads * cut * 255
    light = 0.6 + 0.8 * fractal(rng, edge // 4, (1, 4))
    light = cv2.resize(light, (edge, edge)) * (0.7 + 0.5 * threads)
    canvas.pixels[..., 1] = np.clip(canvas.pixels[..., 0] * light * (NEUTRAL / 255), 0, 255)
    canvas.pixels[..., 2] = 0
    if rng.random() < 0.6:
        closed = np.concatenate([outline, outline[:1]])[None]
        canvas.strokes(closed, rng.uniform(3, 30), NEUTRAL * rng.uniform(0.6, 1.2), 255)
    if rng.random() < 0.5:
        radius = rng.uniform(0.08, 0.25) * edge
        canvas.fill(outlines.blob(rng, outlines.somewhere(rng, edge), radius), NEUTRAL, 255)
    return canvas.focused(rng, "solid")


def mesh(rng: Rng, edge: int) -> Field:
    """Return (edge, edge) float32 coverage of threads on a warped lattice."""
    half = edge // 2  # lattice coordinates are smooth: half resolution is enough to bend them
    v, u = np.mgrid[0:half, 0:half].astype(np.float32) * 2
    bend = rng.uniform(0.02, 0.16) * edge
    u = u + bend * (fractal(rng, half, (1, 3), 0.4) - 0.5)
    v = v + bend * (fractal(rng, half, (1, 3), 0.4) - 0.5)
    turn = np.asarray(outlines.rotation(rng.uniform(0, np.pi)), np.float32)
    u, v = u * turn[0, 0] + v * turn[1, 0], u * turn[0, 1] + v * turn[1, 1]
    u = cv2.resize(u, (edge, edge))
    v = cv2.resize(v, (edge, edge))
    period = log_uniform(rng, 9, 52) * SAMPLES
    thread = max(rng.uniform(0.08, 0.4), 1.2 * SAMPLES / period)
    u, v = u / period, v / period
    kind = int(rng.integers(4))
    if kind == 0:
        away = np.minimum(from_line(u), from_line(v))
    elif kind == 1:
        slant = u * 0.5 + v * 0.866
        away = np.minimum(np.minimum(from_line(u), from_line(slant)), from_line(slant - u))
    elif kind == 2:
        row = np.floor(v)
        hole = np.hypot((u + 0.5 * (row % 2)) % 1 - 0.5, v - row - 0.5)
        away, thread = 1.0 - 2 * hole, rng.uniform(0.2, 0.7)
    else:
        away = from_line(u)
    return np.clip((thread - away) * (period * 0.5) + 0.5, 0, 1).astype(np.float32)


def from_line(coordinate: Field) -> Field:
    """Return the distance [0, 1] from the nearest half-integer line."""
    distance: Field = np.abs(coordinate - np.floor(coordinate) - np.float32(0.5)) * 2
    return distance


def wicker(rng: Rng, size_px: int) -> Cutout:
    """Draw a ball or mat of crossing rods or yarn, each lit along its middle, with gaps between."""
    canvas = Canvas(size_px, SAMPLES)
    edge = canvas.edge
    middle = outlines.somewhere(rng, edge, 0.4, 0.6)
    radius = rng.uniform(0.2, 0.45) * edge
    width = log_uniform(rng, 3, 26)
    turn = np.linspace(0, 2 * np.pi, 48)
    for _ in range(int(np.clip(rng.uniform(0.6, 3.0) * radius / width, 8, 260))):
        tilt = outlines.rotation(rng.uniform(0, np.pi))
        wide, flat = rng.uniform(0.5, 1.0), rng.uniform(0.02, 1.0)
        ring = np.stack([np.cos(turn) * wide, np.sin(turn) * flat], axis=1) @ tilt * radius
        start, stop = np.sort(rng.integers(0, 48, 2))
        path = (middle + rng.normal(0, 0.04, 2) * radius + ring)[start : max(stop, start + 8)]
        shade, tone = NEUTRAL * rng.uniform(0.5, 1.2), rng.uniform(0, 255)
        for part, lit in ((1.0, 0.5), (0.75, 1.0), (0.35, 1.3)):
            canvas.strokes(path[None], width * part, shade * lit, tone)
    return canvas.focused(rng, "strands")


def lace(rng: Rng, size_px: int) -> Cutout:
    """Draw thresholded noise over a mesh: openwork with figures."""
    edge = size_px * SAMPLES
    coarse = fractal(rng, size_px, (3, 6), 0.5)
    figures = cv2.resize(coarse, (edge, edge), interpolation=cv2.INTER_CUBIC)
    solid = np.clip((figures - rng.uniform(0.45, 0.65)) * rng.uniform(40, 160), 0, 1)
    cover = np.maximum(solid, mesh(rng, edge))
    outline = outlines.blob(
        rng, outlines.somewhere(rng, edge, 0.35, 0.65), rng.uniform(0.3, 0.6) * edge
    )
    canvas = Canvas(size_px, SAMPLES)
    canvas.fill(outline, 255)
    cover = cover * (canvas.pixels[..., 0] / np.float32(255)) * 255
    channels = np.dstack([cover, cover * (0.35 + 0.25 * figures), cover * solid]).astype(np.uint8)
    small = cv2.resize(channels, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return from_premultiplied(small, "solid")
