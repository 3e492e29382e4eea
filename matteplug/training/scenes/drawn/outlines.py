"""Outlines of bodies: closed curves that are round, lobed, edged or long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matteplug.training.scenes.noise import Rng

Points = NDArray[np.float64]


def blob(
    rng: Rng,
    centre: NDArray[np.float64],
    radius: float,
    roughness: float | None = None,
    points: int = 192,
) -> Points:
    """Return (points, 2) of a lobed closed curve: a circle with a Fourier series."""
    roughness = rng.uniform(0.05, 0.45) if roughness is None else roughness
    turn = np.linspace(0.0, 2 * np.pi, points, endpoint=False)
    reach = np.ones(points)
    for wave in range(1, int(rng.integers(4, 14))):
        reach += 0.6 * roughness / wave * rng.normal() * np.cos(wave * turn + rng.uniform(0, 6.28))
    reach = np.clip(reach, 0.25, 2.2) * radius
    return centre + oval(reach, turn, rng.uniform(0.5, 1.0), rng.uniform(0, np.pi))


def polygon(rng: Rng, centre: NDArray[np.float64], radius: float) -> Points:
    """Return the corners of an irregular polygon around `centre`."""
    turn = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
    return centre + oval(rng.uniform(0.35, 1.0, len(turn)) * radius, turn, 1.0, 0.0)


def box(rng: Rng, centre: NDArray[np.float64], radius: float) -> Points:
    """Return the corners of a turned rectangle."""
    wide, high = radius * rng.uniform(0.3, 1.0), radius * rng.uniform(0.3, 1.0)
    corners = np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]])
    return centre + corners @ rotation(rng.uniform(0, np.pi))


def oval(reach: NDArray[np.float64], turn: NDArray[np.float64], flat: float, tilt: float) -> Points:
    """Return polar points, flattened and tilted."""
    across = np.stack([reach * np.cos(turn), reach * np.sin(turn) * flat], axis=1)
    return across @ rotation(tilt)


def rotation(angle: float) -> NDArray[np.float64]:
    """Return the 2 × 2 matrix that turns row vectors by `angle`."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, sine], [-sine, cosine]])


def normals(outline: Points) -> NDArray[np.float64]:
    """Return the outward unit normals of a closed curve."""
    tangent = np.roll(outline, -3, axis=0) - np.roll(outline, 3, axis=0)
    outward = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True) + 1e-6
    inside_out = (outward * (outline - outline.mean(axis=0))).sum() < 0
    return -outward if inside_out else outward


def somewhere(rng: Rng, edge: int, low: float = 0.25, high: float = 0.75) -> NDArray[np.float64]:
    """Draw a point in the middle part of a square of `edge`."""
    return rng.uniform(low, high, 2) * edge
