"""Shading of samples: many lights with shadow maps, on skin, cloth and hair.

Surfaces have a diffuse and a GGX lobe (skin also scatters light past the terminator), strands use
Kajiya-Kay.  The sky is a set of directions, each with a small shadow map; together they give soft
ambient shadows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.compiled import compiled
from matteplug.training.people.materials import SKIN
from matteplug.training.people.procedural import lattice
from matteplug.training.people.render.pigments import Colour, bumped, surface_colour

Array = NDArray[Any]
SHARP_TAPS, SKY_TAPS = 5, 1
EXTINCTION = 45.0
"""Extinction of light in hair, per metre."""


class LightMaps(NamedTuple):
    """Lights of one resolution.

    `light` (L, 7): direction to the light, its RGB, softness in texels of its map; `frames`
    (L, 3, 3): rows are the map's axes; `maps` (L, N, N): depth; `centre` (3,), `scale`: texels per
    metre.
    """

    light: Array
    frames: Array
    maps: Array
    centre: Array
    scale: float


@compiled
def seen_by(
    lights: LightMaps,
    q: int,
    p: Colour,
    bias: float,
    hair: bool,
    skin: bool,
    x: int,
    y: int,
    taps: int,
) -> float:
    """Return the fraction of light `q` that reaches point `p`; (x, y) seeds the pattern of taps."""
    side = lights.maps.shape[1]
    dx, dy, dz = p[0] - lights.centre[0], p[1] - lights.centre[1], p[2] - lights.centre[2]
    f = lights.frames[q]
    u = (dx * f[0, 0] + dy * f[0, 1] + dz * f[0, 2]) * lights.scale + side * 0.5
    v = (dx * f[1, 0] + dy * f[1, 1] + dz * f[1, 2]) * lights.scale + side * 0.5
    z = dx * f[2, 0] + dy * f[2, 1] + dz * f[2, 2] - bias
    spread = 2 * (lights.light[q, 6] + 0.6)
    total = 0.0
    for tap in range(taps):
        i = int(np.floor(u + (lattice(x * 7 + tap, y * 5, q * 3 + 1) - 0.5) * spread))
        j = int(np.floor(v + (lattice(x * 3, y * 11 + tap, q + 91) - 0.5) * spread))
        if i < 0 or j < 0 or i >= side or j >= side:
            total += 1.0
            continue
        behind = z - lights.maps[q, j, i]
        if behind <= 0:
            total += 1.0
        elif hair:
            fog = behind * EXTINCTION
            total += 1.0 / (1.0 + fog + 0.5 * fog * fog)
        elif skin and behind < 0.02:  # light shining through ears and fingers
            total += 0.25 * np.exp(-behind * 250)
    return total / taps


@compiled
def glint(nl: float, n: Colour, light: Array, view: Colour, roughness: float) -> float:
    """Return the GGX highlight of a surface with normal `n`."""
    hx, hy, hz = light[0] + view[0], light[1] + view[1], light[2] + view[2]
    scale = 1.0 / np.sqrt(hx * hx + hy * hy + hz * hz + 1e-9)
    nh = max(0.0, (n[0] * hx + n[1] * hy + n[2] * hz) * scale)
    vh = max(0.0, (view[0] * hx + view[1] * hy + view[2] * hz) * scale)
    narrow = roughness**4
    falloff = nh * nh * (narrow - 1) + 1
    fresnel = 0.04 + 0.96 * (1 - vh) ** 5
    lobe = narrow / (3.14159 * falloff * falloff)
    gleam: float = lobe * fresnel * 0.25 * nl / max(0.1, 0.5 * (nl + 0.4))
    return min(4.0, gleam)


@compiled
def light_surface(
    lights: LightMaps,
    taps: int,
    m: Any,
    p: Colour,
    n: Colour,
    view: Colour,
    colour: Colour,
    x: int,
    y: int,
) -> Colour:
    """Return the light that a surface sends to the viewer."""
    r, g, b = 0.0, 0.0, 0.0
    skin = m.kind == SKIN
    wrap = 0.2 if skin else 0.0
    bias = 0.004 + 0.45 / lights.scale
    away = (p[0] + n[0] * 0.004, p[1] + n[1] * 0.004, p[2] + n[2] * 0.004)
    for q in range(lights.light.shape[0]):
        light = lights.light[q]
        nl = n[0] * light[0] + n[1] * light[1] + n[2] * light[2]
        if nl < -wrap:
            continue
        visible = seen_by(lights, q, away, bias, False, skin, x, y, taps)
        if visible < 0.002:
            continue
        diffuse = 0.32 * visible
        shine = 0.0
        if nl > 0:
            shine = m.gloss * visible * glint(nl, n, light, view, m.roughness)
        red = max(0.0, (nl + wrap) / (1 + wrap)) * diffuse
        green = max(0.0, (nl + 0.4 * wrap) / (1 + 0.4 * wrap)) * diffuse
        blue = max(0.0, (nl + 0.25 * wrap) / (1 + 0.25 * wrap)) * diffuse
        r += light[3] * (colour[0] * red + shine)
        g += light[4] * (colour[1] * green + shine)
        b += light[5] * (colour[2] * blue + shine)
    return r, g, b


@compiled
def light_strand(
    lights: LightMaps,
    taps: int,
    p: Colour,
    along: Colour,
    view: Colour,
    colour: Colour,
    x: int,
    y: int,
) -> Colour:
    """Return the light that a strand sends to the viewer: diffuse, a white and a tinted gleam."""
    r, g, b = 0.0, 0.0, 0.0
    tv = along[0] * view[0] + along[1] * view[1] + along[2] * view[2]
    across = np.sqrt(max(0.0, 1 - tv * tv))
    for q in range(lights.light.shape[0]):
        light = lights.light[q]
        visible = seen_by(lights, q, p, 0.003, True, False, x, y, taps)
        if visible < 0.002:
            continue
        tl = along[0] * light[0] + along[1] * light[1] + along[2] * light[2]
        facing = np.sqrt(max(0.0, 1 - tl * tl))
        white = 0.0625 * max(0.0, facing * across - tl * tv) ** 40 * (0.3 + colour[1])
        tinted = 0.5 * max(0.0, facing * across - (tl + 0.12) * tv) ** 14 + 0.34 * facing
        r += light[3] * visible * (colour[0] * tinted + white)
        g += light[4] * visible * (colour[1] * tinted + white)
        b += light[5] * visible * (colour[2] * tinted + white)
    return r, g, b


@compiled
def shade_pixel(
    scene: Any,
    points: Array,
    at: tuple[float, float],
    number: int,
    eye: Array,
    keys: LightMaps,
    sky: LightMaps,
    x: int,
    y: int,
) -> tuple[float, float, float, float]:
    """Return linear RGB of one sample and its distance to the eye."""
    if number < 0:
        s = -number - 1
        ends = scene.strands.ends[s]
        ax, ay, az = ends[0, 0], ends[0, 1], ends[0, 2]
        tx, ty, tz = ends[1, 0] - ax, ends[1, 1] - ay, ends[1, 2] - az
        fraction = lattice(x, y, s)
        p = (ax + tx * fraction, ay + ty * fraction, az + tz * fraction)
        length = 1.0 / np.sqrt(tx * tx + ty * ty + tz * tz + 1e-20)
        tint = scene.strands.colours[s]
        colour = (tint[0], tint[1], tint[2])
        vx, vy, vz = eye[0] - p[0], eye[1] - p[1], eye[2] - p[2]
        distance = np.sqrt(vx * vx + vy * vy + vz * vz)
        view = (vx / distance, vy / distance, vz / distance)
        along = (tx * length, ty * length, tz * length)
        one = light_strand(keys, SHARP_TAPS, p, along, view, colour, x, y)
        two = light_strand(sky, SKY_TAPS, p, along, view, colour, x, y)
        return one[0] + two[0], one[1] + two[1], one[2] + two[2], distance

    surfaces = scene.surfaces
    t = number - 1
    i, j, k = surfaces.corners[t, 0], surfaces.corners[t, 1], surfaces.corners[t, 2]
    a, b, c = points[i], points[j], points[k]
    area = (b[1] - c[1]) * (a[0] - c[0]) + (c[0] - b[0]) * (a[1] - c[1])
    px, py = at[0] - c[0], at[1] - c[1]
    # depth is -1/z, so that multiplying by it makes the weights right in perspective
    u = ((b[1] - c[1]) * px + (c[0] - b[0]) * py) / area * a[2]
    v = ((c[1] - a[1]) * px + (a[0] - c[0]) * py) / area * b[2]
    w = (1 - u / a[2] - v / b[2]) * c[2]
    whole = 1 / (u + v + w)
    u, v, w = u * whole, v * whole, w * whole
    V, N, C, T = surfaces.vertices, surfaces.normals, surfaces.paint, surfaces.uv[t]
    p = (
        u * V[i, 0] + v * V[j, 0] + w * V[k, 0],
        u * V[i, 1] + v * V[j, 1] + w * V[k, 1],
        u * V[i, 2] + v * V[j, 2] + w * V[k, 2],
    )
    n = (
        u * N[i, 0] + v * N[j, 0] + w * N[k, 0],
        u * N[i, 1] + v * N[j, 1] + w * N[k, 1],
        u * N[i, 2] + v * N[j, 2] + w * N[k, 2],
    )
    paint = (
        u * C[i, 0] + v * C[j, 0] + w * C[k, 0],
        u * C[i, 1] + v * C[j, 1] + w * C[k, 1],
        u * C[i, 2] + v * C[j, 2] + w * C[k, 2],
    )
    m = surfaces.materials[surfaces.material[t]]
    tu = u * T[0, 0] + v * T[1, 0] + w * T[2, 0]
    tv = u * T[0, 1] + v * T[1, 1] + w * T[2, 1]
    colour = surface_colour(m, surfaces.textures, p, tu, tv, paint)
    if m.bump > 0:
        n = bumped(n, m, p)
    vx, vy, vz = eye[0] - p[0], eye[1] - p[1], eye[2] - p[2]
    distance = np.sqrt(vx * vx + vy * vy + vz * vz)
    view = (vx / distance, vy / distance, vz / distance)
    length = 1.0 / np.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2] + 1e-20)
    if n[0] * view[0] + n[1] * view[1] + n[2] * view[2] < 0:  # the inside of cloth
        length = -length
    n = (n[0] * length, n[1] * length, n[2] * length)
    one = light_surface(keys, SHARP_TAPS, m, p, n, view, colour, x, y)
    two = light_surface(sky, SKY_TAPS, m, p, n, view, colour, x, y)
    return one[0] + two[0], one[1] + two[1], one[2] + two[2], distance
