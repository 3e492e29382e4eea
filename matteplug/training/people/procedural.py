"""Pseudo-random numbers, noise in space and texture look-ups, for use inside kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.compiled import compiled

Array = NDArray[Any]


@compiled
def scramble(x: int) -> float:
    """Return a number in [0, 1) that depends on every bit of an integer."""
    bits = np.int64(x) & 0xFFFFFFFF
    bits ^= bits >> 16
    bits = (bits * 0x7FEB352D) & 0xFFFFFFFF
    bits ^= bits >> 15
    bits = (bits * 0x846CA68B) & 0xFFFFFFFF
    bits ^= bits >> 16
    value: float = (bits & 0xFFFFFF) / 16777216.0
    return value


@compiled
def lattice(x: int, y: int, z: int) -> float:
    """Return a number in [0, 1) for a point with integer coordinates."""
    return scramble((x * 73856093) ^ (y * 19349663) ^ (z * 83492791))


@compiled
def noise(x: float, y: float, z: float) -> float:
    """Return smooth noise in [0, 1] with one value per unit."""
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    u, v, w = x - i, y - j, z - k
    u, v, w = u * u * (3 - 2 * u), v * v * (3 - 2 * v), w * w * (3 - 2 * w)
    a = lattice(i, j, k) * (1 - u) + lattice(i + 1, j, k) * u
    b = lattice(i, j + 1, k) * (1 - u) + lattice(i + 1, j + 1, k) * u
    c = lattice(i, j, k + 1) * (1 - u) + lattice(i + 1, j, k + 1) * u
    d = lattice(i, j + 1, k + 1) * (1 - u) + lattice(i + 1, j + 1, k + 1) * u
    return (a * (1 - v) + b * v) * (1 - w) + (c * (1 - v) + d * v) * w


@compiled
def fractal(x: float, y: float, z: float, octaves: int) -> float:
    """Return the sum of `octaves` of noise, each twice as fine and half as strong; below 1."""
    total, strength = 0.0, 0.5
    for _ in range(octaves):
        total += strength * noise(x, y, z)
        x, y, z = x * 2.03 + 7, y * 2.03 + 3, z * 2.03 + 11
        strength *= 0.5
    return total


@compiled
def fractal_at(points: Array, octaves: int) -> Array:
    """Return (N,) float64 fractal noise at points (N, 3)."""
    values = np.empty(points.shape[0])
    for i in range(points.shape[0]):
        values[i] = fractal(points[i, 0], points[i, 1], points[i, 2], octaves)
    return values


@compiled
def texel(texture: Array, u: float, v: float) -> tuple[float, float, float, float]:
    """Return RGBA in [0, 1] of a repeated texture (N, N, 4) uint8; v points up."""
    side = texture.shape[0]
    x, y = (u - np.floor(u)) * (side - 1), (1 - (v - np.floor(v))) * (side - 1)
    i, j = min(int(x), side - 2), min(int(y), side - 2)
    a, b = x - i, y - j
    p, q = (1 - a) * (1 - b) / 255.0, a * (1 - b) / 255.0
    r, s = (1 - a) * b / 255.0, a * b / 255.0
    return (
        texture[j, i, 0] * p
        + texture[j, i + 1, 0] * q
        + texture[j + 1, i, 0] * r
        + texture[j + 1, i + 1, 0] * s,
        texture[j, i, 1] * p
        + texture[j, i + 1, 1] * q
        + texture[j + 1, i, 1] * r
        + texture[j + 1, i + 1, 1] * s,
        texture[j, i, 2] * p
        + texture[j, i + 1, 2] * q
        + texture[j + 1, i, 2] * r
        + texture[j + 1, i + 1, 2] * s,
        texture[j, i, 3] * p
        + texture[j, i + 1, 3] * q
        + texture[j + 1, i, 3] * r
        + texture[j + 1, i + 1, 3] * s,
    )
