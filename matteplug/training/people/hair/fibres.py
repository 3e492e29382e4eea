"""Short strands (beards, wool, fur), and the waviness of strands."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.body.figure import Figure, bearings
from matteplug.training.people.meshes import blend, scatter
from matteplug.training.scenes.noise import Rng

Array = NDArray[Any]
DOWN = np.array([0, 0, -1.0])


def waves(rng: Rng, count: int, points: int, octaves: tuple[int, ...]) -> Array:
    """Return (count, points, 3) smooth paths that start at 0, with an amplitude of about 1."""
    along = np.linspace(0, 2 * np.pi, points, dtype=np.float32)[None, :, None]
    total = np.zeros((count, points, 3), np.float32)
    for octave in octaves:
        phase = rng.random((count, 1, 3), np.float32) * np.float32(2 * np.pi)
        rate = octave * (0.6 + 0.8 * rng.random((count, 1, 3), np.float32))
        strength = rng.standard_normal((count, 1, 3), np.float32) / np.float32(octave**0.8)
        total += (np.sin(rate * along + phase) - np.sin(phase)) * strength
    return total


def beard(rng: Rng, figure: Figure, count: int) -> Array:
    """Return (count, 8, 3) strands of a full beard, a goatee, a moustache or stubble."""
    parts, scale = figure.parts, figure.scale
    local = figure.in_head(figure.vertices)
    azimuth, _ = bearings(local)
    x, z = np.abs(local[:, 0]), local[:, 2]
    lips = local[parts.lips > 0.5].mean(axis=0)[2]
    low = np.clip((lips - z) / 0.01 + 0.5, 0, 1)
    cheeks = np.clip((azimuth - 45) / 20, 0, 1) * (z < -0.005) * (z > -0.1)
    jaw = np.clip((low + cheeks) * (azimuth < 92), 0, 1)
    moustache = (np.abs(z - lips - 0.012) < 0.009) * (x < 0.03) * (azimuth < 60)
    kind = rng.choice(["full", "goatee", "moustache", "stubble"])
    mask = {"goatee": low * (x < 0.028) + moustache, "moustache": 1.0 * moustache}.get(
        str(kind), jaw + moustache
    )
    mask = mask * (parts.head_weight > 0.8) * (parts.lips < 0.25) * (parts.ears < 0.4)
    corners, weights = scatter(rng, figure.vertices, parts.group("body"), mask, count)
    roots = blend(figure.vertices, corners, weights)
    outward = blend(figure.normals, corners, weights)
    longest = rng.uniform(0.002, 0.004) if kind == "stubble" else rng.uniform(0.008, 0.05)
    length = longest * scale * rng.uniform(0.6, 1.2, (len(roots), 1, 1))
    along = np.linspace(0, 1, 8)[None, :, None]
    heading = 0.6 * outward + 0.9 * DOWN + rng.normal(0, 0.2, outward.shape)
    bent = waves(rng, len(roots), 8, (1, 2, 3)) * 0.12 * along
    return roots[:, None] + length * (heading[:, None] * along + 0.5 * DOWN * along**2 + bent)


def fuzz(rng: Rng, vertices: Array, faces: Array, outward: Array, count: int) -> Array:
    """Return (count, 5, 3) short fibres of wool or fur on a surface."""
    corners, weights = scatter(rng, vertices, faces, np.ones(len(vertices)), count)
    roots = blend(vertices, corners, weights)
    heading = blend(outward, corners, weights) + rng.normal(0, 0.5, roots.shape)
    along = np.linspace(0, 1, 5)[None, :, None]
    length = rng.uniform(0.003, 0.012)
    bent = waves(rng, len(roots), 5, (1, 2)) * 0.4
    return roots[:, None] + length * along * (heading[:, None] + bent)
