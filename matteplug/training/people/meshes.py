"""Meshes and strands, and operations on them: normals, smoothing, sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.materials import Material
from matteplug.training.scenes.noise import Rng

Array = NDArray[Any]


@dataclass(eq=False)
class Mesh:
    """A surface.

    Attributes:
        vertices: (V, 3) float64, metres: x to the person's left, -y to the front, z up.
        faces: (F, 4) int; a triangle's last entry is -1.
        uv: (U, 2) places in the texture.
        uv_faces: (F, 4) int into `uv`.
        material: of the whole mesh.
        paint: (V, 3) lips, flush, darkness in folds; None for none.
    """

    vertices: Array
    faces: Array
    uv: Array
    uv_faces: Array
    material: Material
    paint: Array | None = None


@dataclass(eq=False)
class Strands:
    """Hair and the like: (S, K, 3) paths in metres, one linear colour (S, 3) each."""

    paths: Array
    radius_m: float
    colours: Array
    tip: float = 0.25
    """Radius at the tip, as a fraction of the radius at the root."""


def triangles(faces: Array, like: Array | None = None) -> tuple[Array, Array]:
    """Return (T, 3) corners and each triangle's face; `like` says which faces are quads."""
    quads = np.flatnonzero((faces if like is None else like)[:, 3] >= 0)
    corners = np.concatenate([faces[:, :3], faces[quads][:, [0, 2, 3]]])
    return corners, np.concatenate([np.arange(len(faces)), quads])


def normals(vertices: Array, faces: Array) -> Array:
    """Return (V, 3) unit normals; zero where no face is."""
    corners = np.where(faces < 0, faces[:, 2:3], faces)
    a, b, c, d = (vertices[corners[:, k]] for k in range(4))
    across = np.cross(c - a, d - b)
    summed = np.empty_like(vertices, dtype=np.float64)
    flat = corners.ravel()
    for axis in range(3):
        weights = np.repeat(across[:, axis], 4)
        summed[:, axis] = np.bincount(flat, weights, len(vertices))
    return unit(summed)


def unit(vectors: Array) -> Array:
    """Scale vectors (…, 3) to length one; zero stays zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Array = vectors / np.maximum(length, 1e-12)
    return scaled


def edges(faces: Array) -> tuple[Array, Array, Array]:
    """Return the edges of quads (E, 2), each face's edges (F·4,), and faces per edge (E,)."""
    sides = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    base = int(sides.max()) + 1
    keys, of, count = np.unique(
        sides[:, 0] * base + sides[:, 1], return_inverse=True, return_counts=True
    )
    return np.stack([keys // base, keys % base], axis=1), of.ravel(), count


def smooth_border(vertices: Array, faces: Array, times: int = 6) -> None:
    """Round the stepped hems of a cut mesh of quads, in place."""
    lines, _, count = edges(faces)
    border = lines[count == 1]
    for _ in range(times):
        total = np.zeros_like(vertices)
        met = np.bincount(border.ravel(), minlength=len(vertices))
        np.add.at(total, border[:, 0], vertices[border[:, 1]])
        np.add.at(total, border[:, 1], vertices[border[:, 0]])
        at = met > 0
        vertices[at] = 0.5 * vertices[at] + 0.5 * total[at] / met[at][:, None]


def subdivided(mesh: Mesh) -> Mesh:
    """Return a mesh of quads after one step of Catmull and Clark; borders smoothed, uv linear."""
    v, f = mesh.vertices, mesh.faces
    lines, of, count = edges(f)
    met = np.bincount(f.ravel(), minlength=len(v))
    middles = v[f].mean(axis=1)
    halves = v[lines].mean(axis=1)
    beside = np.zeros_like(halves)
    np.add.at(beside, of, np.repeat(middles, 4, axis=0))
    inner = count == 2
    edge_points = np.where(inner[:, None], (2 * halves + beside) / 4, halves)
    around, along, on_border = np.zeros_like(v), np.zeros_like(v), np.zeros_like(v)
    np.add.at(around, f.ravel(), np.repeat(middles, 4, axis=0))
    for end in (0, 1):
        np.add.at(along, lines[:, end], halves)
        np.add.at(on_border, lines[~inner, end], halves[~inner])
    n = np.maximum(met, 1)[:, None]
    degree = np.maximum(np.bincount(lines.ravel(), minlength=len(v)), 1)[:, None]
    moved = (around / n + 2 * along / degree + (n - 3) * v) / n
    borders = np.bincount(lines[~inner].ravel(), minlength=len(v))[:, None]
    moved = np.where(borders > 0, (on_border + 2 * v) / (borders + 2), moved)
    moved = np.where(met[:, None] == 0, v, moved)
    edge = of.reshape(-1, 4) + len(v)
    face = np.arange(len(f)) + len(v) + len(lines)
    faces = [np.stack([f[:, k], edge[:, k], face, edge[:, k - 1]], axis=1) for k in range(4)]
    uv = mesh.uv[mesh.uv_faces]
    uv_half = (uv + np.roll(uv, -1, axis=1)) / 2
    uv_middle = uv.mean(axis=1)
    fresh = [np.stack([uv[:, k], uv_half[:, k], uv_middle, uv_half[:, k - 1]], 1) for k in range(4)]
    uv_flat = np.concatenate(fresh).reshape(-1, 2)
    return Mesh(
        np.concatenate([moved, edge_points, middles]),
        np.concatenate(faces),
        uv_flat,
        np.arange(len(uv_flat)).reshape(-1, 4),
        mesh.material,
    )


def grid(points: Array, material: Material, repeat: tuple[float, float] = (1, 1)) -> Mesh:
    """Return the mesh of a grid of points (R, C, 3); repeat the first column to close it."""
    rows, columns = points.shape[:2]
    at = np.arange(rows * columns).reshape(rows, columns)
    corners = [at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]]
    faces = np.stack([corner.ravel() for corner in corners], axis=1)
    v, u = np.mgrid[0 : repeat[1] : rows * 1j, 0 : repeat[0] : columns * 1j]
    uv = np.stack([u.ravel(), v.ravel()], axis=1)
    return Mesh(points.reshape(-1, 3).astype(np.float64), faces, uv, faces, material)


def scatter(
    rng: Rng, vertices: Array, faces: Array, weights: Array, count: int
) -> tuple[Array, Array]:
    """Draw points on faces by area times the vertices' weights.

    Returns:
        (count, 3) corners and (count, 3) barycentric weights; both empty where all weights are 0.
    """
    corners, _ = triangles(faces)
    a, b, c = (vertices[corners[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) * weights[corners].mean(axis=1)
    if area.sum() <= 0:
        return np.zeros((0, 3), int), np.zeros((0, 3))
    chosen = corners[np.searchsorted(np.cumsum(area / area.sum()), rng.random(count) * (1 - 1e-9))]
    s, t = rng.random(count), rng.random(count)
    over = s + t > 1
    s[over], t[over] = 1 - s[over], 1 - t[over]
    return chosen, np.stack([1 - s - t, s, t], axis=1)


def blend(values: Array, corners: Array, weights: Array) -> Array:
    """Interpolate vertex values (V, …) at what `scatter` returned."""
    mixed: Array = np.einsum("nk,nk...->n...", weights, values[corners])
    return mixed
