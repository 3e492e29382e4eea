"""Render a scene: coverage from samples, colour from a few of them.

Alpha is the fraction of a pixel's 25 samples that hit something.  The samples lie on 25 distinct
rows and columns (a correlated multi-jittered grid), so a straight edge gives 25 steps, not five.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.cameras import Camera
from matteplug.training.people.compiled import compiled
from matteplug.training.people.procedural import lattice
from matteplug.training.people.render.lights import Lights
from matteplug.training.people.render.raster import FAR, draw_strands, draw_triangles, stagger
from matteplug.training.people.render.scene import RenderScene
from matteplug.training.people.render.shading import LightMaps, shade_pixel

Array = NDArray[Any]
SAMPLES = 5
SHADED = 3
"""Approximate number of samples per pixel that are shaded."""
KEY_MAP, SKY_MAP = 1024, 256
SKY_STRIDE = 4
"""The sky's shadow maps use every fourth piece of a strand, four times as wide."""
NEAREST_M = 0.05


class Render(NamedTuple):
    """What the camera sees.

    | array | shape | dtype | range |
    |---|---|---|---|
    | colour | (H, W, 3) | float32 | linear light, premultiplied by alpha |
    | alpha | (H, W) | float32 | [0, 1] |
    | distance_m | (H, W) | float32 | mean over the covered samples; 0 without any |
    """

    colour: Array
    alpha: Array
    distance_m: Array


def render(scene: RenderScene, camera: Camera, lights: Lights, seed: int) -> Render:
    """Return the rendered scene; the same arguments give the same picture."""
    centre, radius = _bounds(scene, camera)
    keys = _light_maps(scene, lights.keys, KEY_MAP, 1, centre, radius, seed)
    sky = _light_maps(scene, lights.sky, SKY_MAP, SKY_STRIDE, centre, radius, seed)
    side = camera.size_px * SAMPLES
    depth = np.full((side, side), FAR, np.float32)
    ids = np.zeros((side, side), np.int32)
    points = _projected(camera, scene.surfaces.vertices)
    draw_triangles(points, scene.surfaces, SAMPLES, depth, ids)
    ends = _projected(camera, scene.strands.ends)
    near = np.minimum(ends[:, 0, 2], ends[:, 1, 2])
    radii = scene.strands.radii * camera.focal_px * SAMPLES * np.where(near < FAR, -near, 0)
    draw_strands(ends, radii.astype(np.float32), seed, depth, ids)
    out = np.zeros((camera.size_px, camera.size_px, 5), np.float32)
    _resolve(scene, points, ids, camera.eye, keys, sky, seed, out)
    return Render(out[..., :3], out[..., 3], out[..., 4])


def _projected(camera: Camera, points: Array) -> Array:
    """Return (…, 3) float32: x, y in samples and -1/z; `FAR` for points behind the camera."""
    flat = points.reshape(-1, 3).astype(np.float32)
    seen = flat @ camera.axes.T.astype(np.float32) + camera.offset.astype(np.float32)
    seen = seen.reshape(points.shape)
    z = seen[..., 2]
    behind = z < NEAREST_M
    inverse = 1 / np.where(behind, 1, z)
    middle = np.array(camera.centre_px, np.float32)
    projected = np.empty(points.shape, np.float32)
    projected[..., :2] = (
        seen[..., :2] * inverse[..., None] * np.float32(camera.focal_px) + middle
    ) * SAMPLES
    projected[..., 2] = np.where(behind, FAR, -inverse)
    return projected


def _bounds(scene: RenderScene, camera: Camera) -> tuple[Array, float]:
    """Return centre and radius of a ball around everything that may cast a visible shadow."""
    points = np.concatenate([scene.surfaces.vertices, scene.strands.ends[::7, 0]])
    seen = _projected(camera, points)[:, :2] / SAMPLES
    margin = 0.25 * camera.size_px
    inside = ((seen > -margin) & (seen < camera.size_px + margin)).all(axis=1)
    kept = points[inside] if inside.any() else points
    low, high = kept.min(axis=0), kept.max(axis=0)
    return (low + high) / 2, float(np.linalg.norm(high - low)) / 2 + 0.1


def _light_maps(
    scene: RenderScene,
    lights: Array,
    side: int,
    stride: int,
    centre: Array,
    radius: float,
    seed: int,
) -> LightMaps:
    scale = side / (2 * radius)
    frames = (
        np.stack([_frame(light[:3]) for light in lights]) if len(lights) else np.zeros((0, 3, 3))
    )
    maps = np.full((len(lights), side, side), FAR, np.float32)
    no_ids = np.zeros((0, 0), np.int32)
    vertices = scene.surfaces.vertices.astype(np.float32)
    ends = scene.strands.ends[::stride].reshape(-1, 3).astype(np.float32)
    radii = scene.strands.radii[::stride] * np.float32(scale * stride)
    for q, frame in enumerate(frames):
        turned = (frame.T * [scale, scale, 1]).astype(np.float32)
        shift = (np.array([side / 2, side / 2, 0]) - centre @ turned).astype(np.float32)
        draw_triangles(vertices @ turned + shift, scene.surfaces, 1, maps[q], no_ids)
        projected = (ends @ turned + shift).reshape(-1, 2, 3)
        draw_strands(projected, radii, seed + 77 * q, maps[q], no_ids)
    lights = np.ascontiguousarray(lights, np.float64)
    return LightMaps(lights, frames, maps, np.ascontiguousarray(centre, np.float64), scale)


def _frame(direction: Array) -> Array:
    """Return a light's axes as rows: right, down and away from it."""
    away = -direction / np.linalg.norm(direction)
    right = np.cross(away, [0, 0, 1.0] if abs(away[2]) < 0.9 else [1.0, 0, 0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(away, right), away])


@compiled
def _resolve(
    scene: Any, points: Array, ids: Array, eye: Array, keys: Any, sky: Any, seed: int, out: Array
) -> None:
    """Fill `out` (H, W, 5): premultiplied RGB, alpha, distance."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            covered = 0
            for j in range(SAMPLES):
                for i in range(SAMPLES):
                    if ids[y * SAMPLES + j, x * SAMPLES + i] != 0:
                        covered += 1
            if covered == 0:
                continue
            step = max(1, covered // SHADED)
            turn = int(lattice(x, y, seed) * step)
            shaded = 0
            for j in range(SAMPLES):
                for i in range(SAMPLES):
                    row, column = y * SAMPLES + j, x * SAMPLES + i
                    if ids[row, column] == 0:
                        continue
                    if turn % step == 0:
                        at = (
                            column + 0.5 + stagger(row, SAMPLES),
                            row + 0.5 + stagger(column, SAMPLES),
                        )
                        colour = shade_pixel(
                            scene, points, at, ids[row, column], eye, keys, sky, column, row
                        )
                        for k in range(3):
                            out[y, x, k] += colour[k]
                        out[y, x, 4] += colour[3]
                        shaded += 1
                    turn += 1
            alpha = covered / (SAMPLES * SAMPLES)
            for k in range(3):
                out[y, x, k] *= alpha / shaded
            out[y, x, 3] = alpha
            out[y, x, 4] /= shaded
