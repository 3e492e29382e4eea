"""Wire meshes and baskets: regular holes of a few pixels, seen through twice."""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import NEUTRAL, Canvas, Cutout, from_premultiplied
from matteplug.training.scenes.drawn.fabric import from_line
from matteplug.training.scenes.noise import Field, Rng, log_uniform

SAMPLES = 2
HOLES_PX = (2.5, 13.0)
"""Smallest and largest width of a hole, in pixels of the drawing."""
WIRES_PX = (0.7, 3.0)
"""Thinnest and thickest wire."""


def wire(rng: Rng, size_px: int) -> Cutout:
    """Draw a basket of wire: its front wall before its back wall, a rim, and perhaps a lid."""
    canvas = Canvas(size_px, SAMPLES)
    edge = canvas.edge
    middle = outlines.somewhere(rng, edge, 0.35, 0.65)
    half = rng.uniform(0.22, 0.55, 2) * edge
    taper, turn = rng.uniform(0.6, 1.0), outlines.rotation(rng.normal(0, 0.2))
    corners = np.array([[-1, -1], [1, -1], [taper, 1], [-taper, 1]]) * half
    canvas.fill(middle + corners @ turn)
    within = canvas.pixels[..., 0] * np.float32(1 / 255)
    v, u = np.mgrid[0:edge, 0:edge].astype(np.float32)
    u, v = u - np.float32(middle[0]), v - np.float32(middle[1])
    cosine, sine = np.float32(turn[0, 0]), np.float32(turn[0, 1])
    u, v = u * cosine + v * sine, v * cosine - u * sine
    if round_ := rng.random() < 0.6:  # the walls of a round basket recede towards its sides
        u = np.arcsin(np.clip(u / np.float32(half[0] * 1.02), -1, 1)) * np.float32(half[0])
    hole, wire_px = log_uniform(rng, *HOLES_PX), log_uniform(rng, *WIRES_PX)
    slant = rng.random() < 0.4
    hole, wire_px = hole * SAMPLES, wire_px * SAMPLES
    front = lattice(rng, u, v, hole=hole, wire_px=wire_px, slant=slant) * within
    back = np.zeros_like(front)
    if round_ or rng.random() < 0.6:
        farther = rng.uniform(0.75, 0.97)
        back = within * lattice(
            rng, u, v, hole=hole * farther, wire_px=wire_px * farther, slant=slant
        )
    lit, dim = rng.uniform(0.7, 1.3), rng.uniform(0.4, 1.0)
    behind = back * (1 - front)
    shaded = (front * np.float32(lit) + behind * np.float32(lit * dim)) * NEUTRAL
    channels = [255 * (front + behind), shaded, behind * np.float32(rng.uniform(0, 255))]
    canvas.pixels[:] = np.clip(cv2.merge(channels), 0, 255).astype(np.uint8)
    frame(rng, canvas, middle + corners @ turn)
    small = cv2.resize(canvas.pixels, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return from_premultiplied(small, "solid")


def lattice(rng: Rng, u: Field, v: Field, *, hole: float, wire_px: float, slant: bool) -> Field:
    """Return coverage (H, W), [0, 1], of wires along u and v, or along their diagonals."""
    period = np.float32(hole + wire_px)
    if slant:
        u, v = (u + v) * np.float32(0.7071), (u - v) * np.float32(0.7071)
    stretch = np.float32(rng.uniform(0.7, 1.5) if rng.random() < 0.4 else 1.0)
    across = from_line(u / period + np.float32(rng.random())) * (period / 2)
    down = from_line(v / (period * stretch) + np.float32(rng.random())) * (period * stretch / 2)
    covered: Field = np.clip(wire_px / 2 - np.minimum(across, down) + 0.5, 0, 1)
    return covered


def frame(rng: Rng, canvas: Canvas, corners: outlines.Points) -> None:
    """Draw a thick wire around, a handle, and something solid that lies in the basket."""
    closed = np.concatenate([corners, corners[:1]])[None]
    shade, tone = NEUTRAL * rng.uniform(0.6, 1.3), rng.uniform(0, 255)
    width = rng.uniform(4, 26)
    canvas.strokes(closed, width, shade * 0.7, tone)
    canvas.strokes(closed, width * 0.4, shade * 1.2, tone)
    if rng.random() < 0.5:
        left, right = corners[0], corners[1]
        t = np.linspace(0, np.pi, 24)[:, None]
        rise = np.array([0.0, -rng.uniform(0.1, 0.5) * canvas.edge])
        handle = left + (right - left) * (1 - np.cos(t)) / 2 + rise * np.sin(t)
        canvas.strokes(handle[None], rng.uniform(3, 16), shade, tone)
    if rng.random() < 0.6:
        radius = rng.uniform(0.08, 0.25) * canvas.edge
        body = outlines.blob(rng, corners[rng.integers(4)] * 0.3 + corners.mean(0) * 0.7, radius)
        canvas.fill(body, NEUTRAL * rng.uniform(0.6, 1.2), rng.uniform(0, 255))
