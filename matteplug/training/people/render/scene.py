"""A scene as flat arrays, as kernels take it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.materials import MATERIAL, TEXTURE_PX
from matteplug.training.people.meshes import Mesh, Strands, normals, triangles

Array = NDArray[Any]


class Surfaces(NamedTuple):
    """Triangles.

    | array | shape | dtype | content |
    |---|---|---|---|
    | vertices, normals | (V, 3) | float64 | metres; z up |
    | paint | (V, 3) | float32 | lips, flush, darkness in folds |
    | corners | (T, 3) | int32 | a triangle's vertices |
    | uv | (T, 3, 2) | float32 | its places in a texture |
    | material | (T,) | int32 | its place in `materials`, records of `MATERIAL` |
    | textures | (X, N, N, 4) | uint8 | |
    """

    vertices: Array
    normals: Array
    paint: Array
    corners: Array
    uv: Array
    material: Array
    materials: Array
    textures: Array


class StrandPieces(NamedTuple):
    """Pieces of strands, float32: ends (S, 2, 3), radii (S,), metres; linear colours (S, 3)."""

    ends: Array
    radii: Array
    colours: Array


class RenderScene(NamedTuple):
    """The surfaces and strands to render."""

    surfaces: Surfaces
    strands: StrandPieces


def assemble(meshes: Sequence[Mesh], tufts: Sequence[Strands]) -> RenderScene:
    """Join meshes and strands into one scene."""
    return RenderScene(_surfaces(meshes), _pieces(tufts))


def _surfaces(meshes: Sequence[Mesh]) -> Surfaces:
    textures: list[Array] = []
    parts: list[list[Array]] = [[] for _ in range(6)]
    records = np.zeros(len(meshes), MATERIAL)
    count = 0
    for number, mesh in enumerate(meshes):
        texture = -1
        if mesh.material.texture is not None:
            texture = len(textures)
            textures.append(mesh.material.texture)
        records[number] = mesh.material.record(texture)
        corners, of = triangles(mesh.faces)
        uv = mesh.uv[np.clip(triangles(mesh.uv_faces, like=mesh.faces)[0], 0, len(mesh.uv) - 1)]
        paint = np.zeros((len(mesh.vertices), 3)) if mesh.paint is None else mesh.paint
        arrays = (
            mesh.vertices,
            normals(mesh.vertices, mesh.faces),
            paint,
            corners + count,
            uv,
            np.full(len(of), number),
        )
        for part, array in zip(parts, arrays, strict=True):
            part.append(array)
        count += len(mesh.vertices)
    kinds = (np.float64, np.float64, np.float32, np.int32, np.float32, np.int32)
    empty = ((0, 3), (0, 3), (0, 3), (0, 3), (0, 3, 2), (0,))
    joined = [
        np.ascontiguousarray(np.concatenate(part) if part else np.zeros(shape), kind)
        for part, kind, shape in zip(parts, kinds, empty, strict=True)
    ]
    blank = np.zeros((1, TEXTURE_PX, TEXTURE_PX, 4), np.uint8)
    stacked = np.stack(textures) if textures else blank
    vertices, outward, painted, corners, uv, of = joined
    return Surfaces(vertices, outward, painted, corners, uv, of, records, stacked)


def _pieces(tufts: Sequence[Strands]) -> StrandPieces:
    ends = [np.zeros((0, 2, 3), np.float32)]
    radii, colours = [np.zeros(0, np.float32)], [np.zeros((0, 3), np.float32)]
    for tuft in tufts:
        pieces = tuft.paths.shape[1] - 1
        along = np.linspace(0, 1, pieces)
        taper = tuft.radius_m * (1 - (1 - tuft.tip) * along**2)
        paths = tuft.paths.astype(np.float32)
        ends.append(np.stack([paths[:, :-1], paths[:, 1:]], axis=2).reshape(-1, 2, 3))
        radii.append(np.tile(taper.astype(np.float32), len(paths)))
        colours.append(np.repeat(tuft.colours.astype(np.float32), pieces, axis=0))
    return StrandPieces(np.concatenate(ends), np.concatenate(radii), np.concatenate(colours))
