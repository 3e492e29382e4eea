"""Simple bodies that belongings are assembled from: rounded boxes, tubes and ribbons."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.materials import Material
from matteplug.training.people.meshes import Mesh, grid, unit

Array = NDArray[Any]


def rounded(
    size: tuple[float, float, float], material: Material, squareness: float, at: Array, axes: Array
) -> Mesh:
    """Return a superellipsoid: a ball at squareness 2, more and more a box above.

    Args:
        size: of its bounding box, metres.
        material: its material.
        squareness: exponent.
        at: (3,) its middle.
        axes: (3, 3), columns are its own axes.
    """
    up, round_ = np.mgrid[-np.pi / 2 : np.pi / 2 : 15j, 0 : 2 * np.pi : 29j]

    def power(wave: Array) -> Array:
        return np.sign(wave) * np.abs(wave) ** (2 / squareness)

    x, y = power(np.cos(up)) * power(np.cos(round_)), power(np.cos(up)) * power(np.sin(round_))
    points = np.stack([x, y, power(np.sin(up))], axis=-1) * np.array(size) / 2
    return grid(points @ axes.T + at, material, (2, 1))


def cylinder(
    size: tuple[float, float], material: Material, at: Array, axes: Array, taper: float = 1.0
) -> Mesh:
    """Return a closed cylinder of a diameter and a height along the third axis."""
    profile = np.array([[0, -1], [1, -1], [1, -1], [taper, 1], [taper, 1], [0, 1]])
    radius, height = profile[:, :1] * size[0] / 2, profile[:, 1:] * size[1] / 2
    round_ = np.linspace(0, 2 * np.pi, 25)
    points = np.stack(
        [radius * np.cos(round_), radius * np.sin(round_), height * np.ones(25)], axis=-1
    )
    return grid(points @ axes.T + at, material, (3, 1))


def tube(path: Array, radius_m: Array | float, material: Material) -> Mesh:
    """Return a tube along a path (K, 3); `radius_m` may be (K, C), for C points around."""
    ahead = unit(np.gradient(path, axis=0))
    across = unit(np.cross(ahead, [0.31, 0.47, 0.83]))
    over = np.cross(ahead, across)
    radius = np.asarray(radius_m)
    if radius.ndim == 0:
        radius = np.full((len(path), 13), radius_m)
    round_ = np.linspace(0, 2 * np.pi, radius.shape[1])
    spokes = np.cos(round_)[:, None] * across[:, None] + np.sin(round_)[:, None] * over[:, None]
    return grid(path[:, None] + radius[..., None] * spokes, material, (1, 4))


def ribbon(path: Array, outward: Array, width_m: float, material: Material) -> Mesh:
    """Return a band along a path (K, 3), flat on a surface whose normals are `outward` (K, 3)."""
    across = unit(np.cross(np.gradient(path, axis=0), outward))
    places = np.linspace(-0.5, 0.5, 4)[:, None] * width_m
    raised = np.array([0.0, 0.003, 0.003, 0.0])[:, None] * outward[:, None]
    return grid(path[:, None] + places * across[:, None] + raised, material, (0.3, 4))
