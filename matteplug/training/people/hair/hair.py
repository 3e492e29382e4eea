"""Strand hair: guides grown over the head by a style's rules, and thousands of strands between.

A guide starts along the style's comb direction, is turned by gravity, wind and random waves, and
kept outside head and clothes.  Strands follow the three nearest guides, clump towards one, curl and
fray.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.body.figure import Figure, Surface, bearings
from matteplug.training.people.hair.fibres import DOWN, waves
from matteplug.training.people.meshes import blend, scatter, unit
from matteplug.training.scenes.noise import Rng

Array = NDArray[Any]
GUIDES, POINTS = 500, 20
_HAIRLINE_AT = [0, 25, 45, 62, 75, 84, 92, 104, 120, 150, 180]
_HAIRLINE = np.array([46, 46, 44, 34, 18, 2, 12, 18, -8, -30, -36])
_RECEDING = np.array([22, 28, 25, 15, 8, 0, 0, 0, 0, 0, 0])
"""Elevation of the hairline by azimuth, degrees, and how far it recedes."""


@dataclass(frozen=True)
class HairStyle:
    """How hair grows and falls; lengths in metres on a mean head.

    Attributes:
        length: of the strands on top.
        comb: function of (roots in the head's frame, normals, rng) that returns directions there.
        lift: amount of the normal added to that direction.
        gravity: how fast strands turn downwards.
        wander, fray: waviness of guides, and of single strands as a fraction of the length.
        curl, turns: radius of curls in metres, and curls per metre.
        short_sides: sides are shorter than the top.
        clumps: strands join into locks.
        tied: gathered behind the head: "tail" or "bun".
        parts_face: strands in front of the face are moved aside.
    """

    length: float
    comb: Callable[[Array, Array, Rng], Array]
    lift: float = 0.3
    gravity: float = 4.0
    wander: float = 0.15
    fray: float = 0.012
    curl: float = 0.0
    turns: float = 10.0
    short_sides: bool = False
    clumps: bool = True
    tied: str = ""
    parts_face: bool = True


LEFT, BACK, UP = np.eye(3)


def _radial(roots: Array, outward: Array, rng: Rng) -> Array:
    """Away from the crown."""
    away = roots - (0.1 * UP + 0.05 * BACK)
    return unit(away - (away * outward).sum(axis=1, keepdims=True) * outward)


def _sides(roots: Array, outward: Array, rng: Rng) -> Array:
    """From a parting to both sides."""
    side = np.sign(roots[:, :1] - rng.normal(0, 0.025))
    mixed: Array = side * LEFT + rng.uniform(0.1, 0.35) * BACK
    return mixed


def _back(roots: Array, outward: Array, rng: Rng) -> Array:
    return np.tile(BACK + rng.uniform(0.2, 0.5) * UP, (len(roots), 1))


def _forward(roots: Array, outward: Array, rng: Rng) -> Array:
    return 0.6 * _radial(roots, outward, rng) - 0.5 * BACK


def _short(roots: Array, outward: Array, rng: Rng) -> Array:
    mixed = 0.6 * _radial(roots, outward, rng) + 0.5 * _sides(roots, outward, rng)
    return mixed - rng.uniform(-0.3, 0.5) * BACK


def _upward(roots: Array, outward: Array, rng: Rng) -> Array:
    return np.tile(1.2 * UP - 0.1 * BACK, (len(roots), 1))


def _any_way(roots: Array, outward: Array, rng: Rng) -> Array:
    return 0.5 * _radial(roots, outward, rng) + 0.8 * rng.normal(size=roots.shape)


def _outward(roots: Array, outward: Array, rng: Rng) -> Array:
    return outward


def _loose(roots: Array, outward: Array, rng: Rng) -> Array:
    return 0.5 * _sides(roots, outward, rng) + 0.5 * outward


STYLES = {
    "buzz": HairStyle(0.008, _radial, 1.2, 0.0, fray=0.02, clumps=False, parts_face=False),
    "crop": HairStyle(0.03, _forward, 0.35, short_sides=True, parts_face=False),
    "short": HairStyle(0.06, _short, 0.3, 5.0, short_sides=True),
    "quiff": HairStyle(0.08, _upward, 1.0, 0.6, short_sides=True),
    "messy": HairStyle(
        0.11, _any_way, 0.9, 2.5, 0.35, 0.03, 0.005, short_sides=True, parts_face=False
    ),
    "slick": HairStyle(0.13, _back, 0.1, 3.0, 0.08, 0.006),
    "bob": HairStyle(0.26, _sides),
    "fringe": HairStyle(0.3, _radial, parts_face=False),
    "long": HairStyle(0.5, _sides, 0.25),
    "wavy": HairStyle(0.5, _sides, 0.35, curl=0.012, turns=9),
    "curly": HairStyle(0.26, _loose, 0.9, 1.8, 0.3, 0.02, 0.012, 28),
    "afro": HairStyle(
        0.09, _outward, 3.0, 0.15, 0.15, 0.03, 0.007, 60, clumps=False, parts_face=False
    ),
    "locs": HairStyle(0.34, _loose, 0.6, 3.0, 0.2, 0.004, 0.003, 40),
    "frizzy": HairStyle(0.3, _loose, 0.8, 1.8, 0.3, 0.025, 0.008, 22),
    "ponytail": HairStyle(0.45, _back, 0.15, curl=0.005, tied="tail"),
    "bun": HairStyle(0.4, _back, 0.15, tied="bun"),
}  # fmt: skip


def scalp(figure: Figure, receding: float = 0.0) -> Array:
    """Return (V,) in [0, 1], the density of hair."""
    parts = figure.parts
    azimuth, elevation = bearings(figure.in_head(figure.vertices))
    line = np.interp(azimuth, _HAIRLINE_AT, _HAIRLINE + receding * _RECEDING)
    mask = np.clip((elevation - line + 3) / 6, 0, 1)
    grows: Array = mask * (parts.head_weight > 0.5) * (parts.ears < 0.4)
    return grows


def grow(
    rng: Rng, figure: Figure, surface: Surface, mask: Array, style: HairStyle, count: int
) -> Array:
    """Return (count, POINTS, 3) strands in metres, with roots distributed by `mask` (V,)."""
    body = figure.parts.group("body")
    corners, weights = scatter(rng, figure.vertices, body, mask, GUIDES + count)
    if not len(corners):
        return np.zeros((0, POINTS, 3))
    roots = blend(figure.vertices, corners, weights)
    outward = unit(blend(figure.normals, corners, weights))
    guides = _guides(rng, figure, surface, style, roots[:GUIDES], outward[:GUIDES])
    return _strands(rng, figure.scale, style, guides, roots[GUIDES:], outward[GUIDES:])


def _guides(
    rng: Rng, figure: Figure, surface: Surface, style: HairStyle, roots: Array, outward: Array
) -> Array:
    scale = figure.scale
    local, tilt = figure.in_head(roots), outward @ figure.axes
    _, elevation = bearings(local)
    lengths = np.full(len(roots), style.length * rng.uniform(0.7, 1.35) * scale)
    if style.short_sides:
        top = np.clip((elevation - 15) / 40, 0, 1)
        lengths *= rng.uniform(0.25, 0.7) * (1 - top) + top
    lengths *= rng.uniform(0.8, 1.1, len(roots))
    step = lengths[:, None] / (POINTS - 1)
    heading = style.comb(local, tilt, rng) + tilt * style.lift * rng.uniform(0.7, 1.4)
    heading = unit(heading @ figure.axes.T + rng.normal(0, 0.15, roots.shape))
    wander = waves(rng, len(roots), POINTS, (1, 2)) * style.wander
    wind = rng.normal(0, 0.25, 3) * [1, 1, 0.3] * (rng.random() < 0.25)
    gravity = style.gravity * rng.uniform(0.7, 1.5)
    tie = figure.from_head(0.125 * BACK + rng.uniform(-0.02, 0.09) * UP)
    tied = np.zeros(len(roots), bool)
    guides = np.empty((len(roots), POINTS, 3))
    guides[:, 0] = at = roots
    for k in range(1, POINTS):
        stride = step
        if style.tied:
            to = tie - at
            far = np.linalg.norm(to, axis=1, keepdims=True)
            tied |= far[:, 0] < 0.022 * scale
            stride = np.where(tied[:, None], step, np.maximum(1.2 * step, 0.02 * scale))
            free = _after_tie(figure, style, heading, at, tie, k) + wander[:, k] * 0.25
            heading = np.where(tied[:, None], free, to / (far + 1e-6))
        else:
            heading = heading + DOWN * gravity * step * 6 / scale
            heading = heading + wander[:, k] * 0.25 + wind * step * 12
            if style.parts_face:
                heading = heading + _aside(figure, at)
        wanted = at + unit(heading) * stride
        pushed = surface.push(wanted, (0.004 + 0.001 * k / POINTS) * scale)
        heading, at = unit(pushed - at), pushed
        guides[:, k] = at
    return _cut_above_eyes(rng, figure, guides) if style is STYLES["fringe"] else guides


def _after_tie(
    figure: Figure, style: HairStyle, heading: Array, at: Array, tie: Array, k: int
) -> Array:
    """Return the direction of tied hair: down as a tail, or round a bun."""
    back, scale = figure.axes @ BACK, figure.scale
    if style.tied == "tail":
        fall: Array = 0.6 * heading + 0.45 * DOWN + 0.35 * back * np.exp(-k / 8)
        return fall
    spoke = at - (tie + back * 0.03 * scale)
    radius = np.linalg.norm(spoke, axis=1, keepdims=True)
    round_ = unit(np.cross(spoke, figure.axes @ (LEFT + 0.5 * UP)))
    turned: Array = round_ + unit(spoke) * np.clip(0.04 * scale - radius, -0.02, 0.02) * 25
    return turned


def _aside(figure: Figure, at: Array) -> Array:
    """Return a sideways push for points in front of the face."""
    x, y, z = figure.in_head(at).T
    before = (y < -0.02) & (np.abs(x) < 0.085) & (z < 0.1) & (z > -0.2)
    push: Array = np.where(before, np.sign(x) * 0.6, 0)[:, None] * (figure.axes @ LEFT)
    return push


def _cut_above_eyes(rng: Rng, figure: Figure, guides: Array) -> Array:
    local = figure.in_head(guides)
    low = (local[..., 2] < rng.uniform(0.035, 0.06)) & (local[..., 1] < -0.03)
    low &= np.abs(local[..., 0]) < 0.085
    for i in np.flatnonzero(low.any(axis=1)):
        last = max(1, int(np.argmax(low[i])))
        along = np.linspace(0, last, POINTS)
        kept = guides[i, : last + 1]
        guides[i] = np.stack([np.interp(along, range(last + 1), axis) for axis in kept.T], axis=1)
    return guides


def _strands(
    rng: Rng, scale: float, style: HairStyle, guides: Array, roots: Array, outward: Array
) -> Array:
    from scipy.spatial import cKDTree

    count = len(roots)
    distance, nearest = cKDTree(guides[:, 0]).query(roots, k=3)
    weight = (1 / (distance + 0.003) ** 2).astype(np.float32)
    weight /= weight.sum(axis=1, keepdims=True)
    guides, roots, outward = (a.astype(np.float32) for a in (guides, roots, outward))
    courses = guides - guides[:, :1]
    strands: Array = np.repeat(roots[:, None], POINTS, axis=1)
    for k in range(3):
        strands += weight[:, k, None, None] * courses[nearest[:, k]]
    along = np.linspace(0, 1, POINTS, dtype=np.float32)[None, :, None]
    astray = (rng.random(count) < rng.uniform(0.01, 0.08))[:, None, None]
    clump = 0.05
    if style.clumps:
        clump = rng.uniform(0.85, 0.97) if style is STYLES["locs"] else rng.uniform(0.1, 0.75)
    close = np.float32(clump) * along**0.7 * ~astray
    offset = np.float32(0.006 * scale) * rng.standard_normal((count, 1, 3), np.float32)
    offset = offset * (1 - np.float32(0.7) * close)
    strands = strands * (1 - close) + (guides[nearest[:, 0]] + offset) * close
    length = np.linalg.norm(np.diff(strands, axis=1), axis=2).sum(axis=1)[:, None, None]
    fray = np.float32(style.fray * rng.uniform(0.5, 2.0)) * np.where(astray, 4, 1).astype("f4")
    strands += waves(rng, count, POINTS, (1, 2, 4)) * length * fray * along**0.8
    if style.curl:
        radius = style.curl * rng.uniform(0.6, 1.6) * scale
        phase = rng.uniform(0, 2 * np.pi, len(guides))[nearest[:, 0]] + rng.normal(0, 0.5, count)
        turn = 2 * np.pi * style.turns * rng.uniform(0.7, 1.3) * length * along
        turn = (turn + phase[:, None, None]).astype(np.float32)
        ahead = unit(strands[:, -1] - strands[:, 0])
        across = unit(np.cross(ahead, rng.standard_normal(3, np.float32)))
        coil = np.cos(turn) * across[:, None] + np.sin(turn) * np.cross(ahead, across)[:, None]
        strands += np.minimum(4 * along, 1) * np.float32(radius) * coil
    loose = np.flatnonzero(astray)
    lift = rng.uniform(0.05, 0.3, (len(loose), 1, 1)).astype(np.float32)
    strands[loose] += outward[loose, None] * along**1.2 * length[loose] * lift
    return strands
