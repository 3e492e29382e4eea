"""The colour of surfaces before lighting, and the slope of their bumps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.compiled import compiled
from matteplug.training.people.materials import (
    CHECKS,
    CLOTH,
    DOTS,
    EYE,
    MOTTLED,
    RIBS,
    SKIN,
    STRIPES,
)
from matteplug.training.people.procedural import fractal, texel

Array = NDArray[Any]
Colour = tuple[float, float, float]


@compiled
def fabric(m: Any, textures: Array, p: Colour, u: float, v: float) -> Colour:
    """Return the colour of cloth: a texture or a pattern of two colours."""
    tu = (u * m.turn[0] - v * m.turn[1]) * m.repeat + m.shift[0]
    tv = (u * m.turn[1] + v * m.turn[0]) * m.repeat + m.shift[1]
    r, g, b = m.colour[0], m.colour[1], m.colour[2]
    if m.texture >= 0:
        t = texel(textures[m.texture], tu, tv)
        r, g, b = r * t[0] ** 2.2, g * t[1] ** 2.2, b * t[2] ** 2.2
        gray = (0.3 * r + 0.6 * g + 0.1 * b) * m.dyed
        keep = 1 - m.dyed
        return (
            r * keep + gray * m.second[0],
            g * keep + gray * m.second[1],
            b * keep + gray * m.second[2],
        )
    mix = 0.0
    if m.pattern == STRIPES:
        mix = 1.0 if np.sin(tu * 40) > m.balance else 0.0
    elif m.pattern == CHECKS:
        mix = 0.5 * (np.sin(tu * 30) > 0) + 0.5 * (np.sin(tv * 30) > 0)
    elif m.pattern == MOTTLED:
        cloud = fractal(p[0] * 25, p[1] * 25, p[2] * 25, 4)
        mix = min(1.0, max(0.0, (cloud - 0.45) * 8 + 0.5))
    elif m.pattern == RIBS:
        mix = 0.5 - 0.5 * abs(np.sin(tu * 60)) * (0.6 + 0.4 * abs(np.sin(tv * 90)))
    elif m.pattern == DOTS:
        mix = 1.0 if np.sin(tu * 40) * np.sin(tv * 40) > 0.6 else 0.0
    return (
        r + (m.second[0] - r) * mix,
        g + (m.second[1] - g) * mix,
        b + (m.second[2] - b) * mix,
    )


@compiled
def surface_colour(m: Any, textures: Array, p: Colour, u: float, v: float, paint: Colour) -> Colour:
    """Return the colour of a surface before lighting."""
    if m.kind == SKIN:
        lips, flush = paint[0], paint[1]
        cloud = fractal(p[0] * m.stain_scale, p[1] * m.stain_scale, p[2] * m.stain_scale, 3) - 0.45
        r, g, b = m.colour[0], m.colour[1], m.colour[2]
        r *= 1 + 0.8 * m.stain * cloud
        g *= 1 + 1.3 * m.stain * cloud
        b *= 1 + 1.3 * m.stain * cloud
        r, g, b = (
            r + (m.second[0] - r) * lips,
            g + (m.second[1] - g) * lips,
            b + (m.second[2] - b) * lips,
        )
        return r * (1 - 0.05 * flush), g * (1 - 0.35 * flush), b * (1 - 0.35 * flush)
    if m.kind == CLOTH:
        r, g, b = fabric(m, textures, p, u, v)
        worn = 0.85 + 0.3 * fractal(
            p[0] * m.stain_scale, p[1] * m.stain_scale, p[2] * m.stain_scale, 2
        )
        worn *= 1 - paint[2]
        return r * worn, g * worn, b * worn
    if m.kind == EYE:
        t = texel(textures[m.texture], u, v)
        return t[0] ** 2.2, t[1] ** 2.2, t[2] ** 2.2
    return m.colour[0], m.colour[1], m.colour[2]


@compiled
def bumped(n: Colour, m: Any, p: Colour) -> Colour:
    """Return the normal, tilted by the slope of noise in space."""
    x, y, z = p[0] * m.bump_scale, p[1] * m.bump_scale, p[2] * m.bump_scale * 0.7
    step = 0.15
    here = fractal(x, y, z, 3)
    tilt = m.bump / step
    return (
        n[0] + tilt * (fractal(x + step, y, z, 3) - here),
        n[1] + tilt * (fractal(x, y + step, z, 3) - here),
        n[2] + tilt * (fractal(x, y, z + step, 3) - here),
    )
