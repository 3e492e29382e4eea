"""Strands: hair curves that fall and curl in locks, and round tubes along a path."""

from __future__ import annotations

import bpy
import numpy as np

Rng = np.random.Generator
STEPS = 14


def grow(
    rng: Rng,
    roots: np.ndarray,
    directions: np.ndarray,
    lengths: np.ndarray,
    material: object,
    *,
    fall: float,
    unruly: float,
    curl: float,
    lock: int,
    radius: float,
) -> object:
    """Add hairs, thinner towards the tip.

    Args:
        rng: random numbers.
        roots: (N, 3) where they start.
        directions: (N, 3) whither.
        lengths: (N,)
        material: their material.
        fall: how much they bend downwards along their length.
        unruly: how much each differs from its lock.
        curl: radius of the curls.
        lock: hairs per lock.
        radius: at the root.
    """
    count = len(roots)
    order = np.lexsort(np.round(roots * 4).T)
    roots, directions = roots[order], directions[order]
    of = np.arange(count) // lock
    t = np.linspace(0, 1, STEPS)[None, :, None]
    heading = (
        directions[of * lock] * 0.7 + directions * 0.3 + rng.normal(0, 0.4, (count, 3))[of] * 0.5
    )
    heading = heading + rng.normal(0, unruly, (count, 3))
    heading = heading[:, None] + t * fall * np.array([0, 0, -1.0])
    heading = heading + t * rng.normal(0, unruly, (count, 1, 3))
    heading /= np.linalg.norm(heading, axis=2, keepdims=True)
    steps = heading * lengths[order][:, None, None] / (STEPS - 1)
    steps[:, 0] = 0
    turn = 14 * t[..., 0] + rng.uniform(0, 6.28, count)[of][:, None]
    wave = curl * t * np.stack([np.cos(turn), np.sin(turn), 0 * turn], 2)
    paths = roots[:, None] + np.cumsum(steps, axis=1) + wave
    data = bpy.data.hair_curves.new("hair")
    data.add_curves([STEPS] * count)
    data.attributes["position"].data.foreach_set("vector", paths.astype(np.float32).ravel())
    thickness = np.tile(np.linspace(radius, radius * 0.3, STEPS), count).astype(np.float32)
    data.attributes.new("radius", "FLOAT", "POINT").data.foreach_set("value", thickness)
    data.materials.append(material)
    made = bpy.data.objects.new("hair", data)
    bpy.context.collection.objects.link(made)
    return made


def tube(path: np.ndarray, radius: float, material: object) -> object:
    """Add a round tube along a path (N, 3)."""
    data = bpy.data.curves.new("tube", "CURVE")
    data.dimensions, data.bevel_depth, data.bevel_resolution = "3D", radius, 2
    data.use_fill_caps = True
    spline = data.splines.new("POLY")
    spline.points.add(len(path) - 1)
    spline.points.foreach_set("co", np.c_[path, np.ones(len(path))].astype(np.float32).ravel())
    data.materials.append(material)
    made = bpy.data.objects.new("tube", data)
    bpy.context.collection.objects.link(made)
    return made
