"""Rasterisation with a depth buffer: the triangle or strand that each sample sees.

Points are (x, y, depth) in samples; depth grows away from the viewer and is linear on the screen
(-1/z in a camera, z in a light's map).  A strand narrower than a sample is drawn with a
probability equal to the fraction it covers, so that coverage is right on average over a pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.compiled import compiled
from matteplug.training.people.materials import EYE, LASH
from matteplug.training.people.procedural import lattice, scramble, texel

Array = NDArray[Any]
FAR = 1e9
"""Depth where nothing was drawn, and of points that cannot be drawn."""


@compiled
def stagger(index: int, samples: int) -> float:
    """Return the offset in samples that puts a pixel's samples on distinct rows and columns."""
    return (index % samples + 0.5) / samples - 0.5


@compiled
def draw_triangles(points: Array, surfaces: Any, samples: int, depth: Array, ids: Array) -> None:
    """Draw triangles into `depth` (H, W) float32 and, unless it is empty, `ids` (H, W) int32.

    `ids` holds 1 + the triangle's number. `samples` is the number of samples per pixel edge,
    staggered if more than one.
    """
    height, width = depth.shape
    reach = 0.5 if samples > 1 else 0.0
    keep = ids.size > 0
    for t in range(surfaces.corners.shape[0]):
        a, b, c = surfaces.corners[t, 0], surfaces.corners[t, 1], surfaces.corners[t, 2]
        ax, ay, az = points[a, 0], points[a, 1], points[a, 2]
        bx, by, bz = points[b, 0], points[b, 1], points[b, 2]
        cx, cy, cz = points[c, 0], points[c, 1], points[c, 2]
        if max(az, bz, cz) >= FAR:
            continue
        left = max(0, int(np.ceil(min(ax, bx, cx) - 0.5 - reach)))
        right = min(width, int(np.floor(max(ax, bx, cx) - 0.5 + reach)) + 1)
        top = max(0, int(np.ceil(min(ay, by, cy) - 0.5 - reach)))
        bottom = min(height, int(np.floor(max(ay, by, cy) - 0.5 + reach)) + 1)
        if left >= right or top >= bottom:
            continue
        area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
        if abs(area) < 1e-9:
            continue
        area = 1.0 / area
        material = surfaces.materials[surfaces.material[t]]
        cut = material.kind in (EYE, LASH)
        for y in range(top, bottom):
            for x in range(left, right):
                px, py = x + 0.5 - cx, y + 0.5 - cy
                if samples > 1:
                    px += stagger(y, samples)
                    py += stagger(x, samples)
                u = ((by - cy) * px + (cx - bx) * py) * area
                v = ((cy - ay) * px + (ax - cx) * py) * area
                w = 1.0 - u - v
                if u < 0 or v < 0 or w < 0:
                    continue
                z = u * az + v * bz + w * cz
                if z >= depth[y, x]:
                    continue
                if cut:
                    uv = surfaces.uv[t]
                    hole = texel(
                        surfaces.textures[material.texture],
                        u * uv[0, 0] + v * uv[1, 0] + w * uv[2, 0],
                        u * uv[0, 1] + v * uv[1, 1] + w * uv[2, 1],
                    )
                    soft = 0.5 if material.kind == EYE else 0.25 + 0.5 * lattice(x, y, t)
                    if hole[3] < soft:
                        continue
                depth[y, x] = z
                if keep:
                    ids[y, x] = t + 1


@compiled
def draw_strands(ends: Array, radii: Array, seed: int, depth: Array, ids: Array) -> None:
    """Draw pieces of strands, `ends` (S, 2, 3), of `radii` (S,) in samples.

    `ids` gets minus (1 + the piece's number), unless it is empty.
    """
    height, width = depth.shape
    keep = ids.size > 0
    for s in range(ends.shape[0]):
        ax, ay, az = ends[s, 0, 0], ends[s, 0, 1], ends[s, 0, 2]
        dx, dy, dz = ends[s, 1, 0] - ax, ends[s, 1, 1] - ay, ends[s, 1, 2] - az
        if az >= FAR or az + dz >= FAR:
            continue
        if max(ax, ax + dx) < 0 or max(ay, ay + dy) < 0:
            continue
        if min(ax, ax + dx) > width or min(ay, ay + dy) > height:
            continue
        along = max(abs(dx), abs(dy))
        steps = max(1, int(np.ceil(along)))
        if steps > 4 * (height + width):
            continue
        length = np.sqrt(dx * dx + dy * dy) + 1e-6
        cover = 2.0 * radii[s] * (length if length < 1 else length / (along + 1e-6))
        flat = abs(dx) > abs(dy)
        for step in range(steps):
            fraction = (step + 0.5) / steps
            x, y, z = ax + dx * fraction, ay + dy * fraction, az + dz * fraction
            middle = y if flat else x
            low, high = middle - cover / 2, middle + cover / 2
            for place in range(int(np.floor(low)), int(np.floor(high)) + 1):
                column = int(np.floor(x)) if flat else place
                row = place if flat else int(np.floor(y))
                if column < 0 or row < 0 or column >= width or row >= height:
                    continue
                if z >= depth[row, column]:
                    continue
                part = min(high, place + 1.0) - max(low, place)
                if part >= 1 or scramble(seed + s * 9781 + step * 6271 + place) < part:
                    depth[row, column] = z
                    if keep:
                        ids[row, column] = -(s + 1)
