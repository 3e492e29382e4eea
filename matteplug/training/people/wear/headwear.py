"""Headwear and scarves: knit hats, caps, hoods, headscarves, brimmed hats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.body.figure import Figure, Surface
from matteplug.training.people.hair.fibres import fuzz, waves
from matteplug.training.people.materials import Material, cloth, dye, knit, solid
from matteplug.training.people.meshes import Mesh, Strands, grid, normals, unit
from matteplug.training.people.procedural import fractal_at
from matteplug.training.people.wear.clothes import draped, fitted
from matteplug.training.people.wear.solids import tube
from matteplug.training.scenes.noise import Rng

Array = NDArray[Any]
ROWS, COLUMNS = 40, 97
WORN = {"": 0.66, "beanie": 0.08, "cap": 0.06, "hood": 0.08, "headscarf": 0.05, "hat": 0.07}


@dataclass(eq=False)
class Headwear:
    """Meshes and strands, and where on the body's vertices (V,) they leave room for hair."""

    meshes: list[Mesh]
    strands: list[Strands]
    bare: Array


def draw_headwear(rng: Rng, figure: Figure) -> Headwear:
    """Draw headwear; mostly none."""
    worn = str(rng.choice(list(WORN), p=list(WORN.values())))
    makers: dict[str, Callable[[Rng, Figure], Headwear]] = {
        "beanie": _beanie, "cap": _cap, "hood": _hood, "headscarf": _headscarf, "hat": _hat,
    }  # fmt: skip
    if worn:
        return makers[worn](rng, figure)
    return Headwear([], [], np.ones(len(figure.vertices), bool))


class _Shell:
    """A surface around the head: from a pole on it to a rim, at a gap from the skin.

    Args:
        figure: whose head.
        pole_deg: elevation of the pole behind the crown; 90 is the crown, 0 the back of the head.
        rim_deg: (COLUMNS,) angle from the pole to the rim; column 0 is on the side of the face.
    """

    def __init__(self, figure: Figure, pole_deg: float, rim_deg: Array) -> None:
        e = np.radians(pole_deg)
        self._pole = np.array([0, np.cos(e), np.sin(e)])
        front = np.array([0, -np.sin(e), np.cos(e)])
        self._sides = front, np.array([1.0, 0, 0])
        self._rim = rim_deg
        self._figure = figure
        body = np.unique(figure.parts.group("body"))
        local = figure.in_head(figure.vertices[body])
        near = local[np.linalg.norm(local, axis=1) < 0.24]
        self.radius = np.linalg.norm(near, axis=1)
        self._towards = unit(near)

    def directions(self, down: Array) -> Array:
        """Return (R, COLUMNS, 3) directions; `down` (R,) is 0 at the pole and 1 at the rim."""
        angle = np.radians(down[:, None] * self._rim)
        round_ = np.linspace(0, 2 * np.pi, COLUMNS)
        flat = np.cos(round_)[:, None] * self._sides[0] + np.sin(round_)[:, None] * self._sides[1]
        towards: Array = np.cos(angle)[..., None] * self._pole + np.sin(angle)[..., None] * flat
        return towards

    def points(self, down: Array, gap_m: Array | float) -> Array:
        """Return (R, COLUMNS, 3) metres, `gap_m` off the head."""
        from scipy.spatial import cKDTree

        towards = self.directions(down)
        _, near = cKDTree(self._towards).query(towards.reshape(-1, 3), k=16)
        radius = self.radius[near].max(axis=1).reshape(towards.shape[:2])
        for _ in range(3):  # smooth the unevenness of single vertices
            wide = np.pad(radius[:, :-1], ((1, 1), (0, 0)), mode="edge")
            mean = (wide[:-2] + wide[2:] + 2 * wide[1:-1]) / 4
            radius[:, :-1] = (np.roll(mean, 1, 1) + np.roll(mean, -1, 1) + 2 * mean) / 4
            radius[:, -1] = radius[:, 0]
        return self._figure.from_head(towards * (radius + gap_m)[..., None])

    def bare(self) -> Array:
        """Return a mask (V,) of the body's vertices outside the rim."""
        towards = unit(self._figure.in_head(self._figure.vertices))
        angle = np.degrees(np.arccos(np.clip(towards @ self._pole, -1, 1)))
        turn = np.arctan2(towards @ self._sides[1], towards @ self._sides[0]) % (2 * np.pi)
        rim = np.interp(turn, np.linspace(0, 2 * np.pi, COLUMNS), self._rim)
        outside: Array = angle > rim - 4
        return outside


def _rim(front: float, side: float, back: float) -> Array:
    """Return (COLUMNS,) degrees that pass through three values."""
    turn = np.linspace(0, 2 * np.pi, COLUMNS)
    middle = (front + back) / 2
    return middle + (side - middle) * np.sin(turn) ** 2 + (front - back) / 2 * np.cos(turn)


DOWN_THE_SHELL = np.linspace(0, 1, ROWS)


def _beanie(rng: Rng, figure: Figure) -> Headwear:
    rim = _rim(rng.uniform(60, 78), rng.uniform(80, 96), rng.uniform(88, 105))
    shell = _Shell(figure, rng.uniform(60, 80), rim)
    down = DOWN_THE_SHELL[:, None]
    slack = rng.uniform(0, 0.05) * np.clip(1 - down / 0.45, 0, 1) ** 1.5
    gap = 0.012 + slack + 0.003 * np.abs(np.sin(np.linspace(0, 1, COLUMNS) * np.pi * 45))
    if rng.random() < 0.6:
        gap = gap + 0.006 * (down > 0.72)  # the turned-up brim
    material = knit(rng)
    hat = grid(shell.points(DOWN_THE_SHELL, gap), material, (3, 1))
    strands = []
    if rng.random() < 0.3:
        strands.append(_pompom(rng, hat.vertices[0], material, figure.scale))
    return Headwear([draped(rng, hat, rng.uniform(0.001, 0.004))], strands, shell.bare())


def _pompom(rng: Rng, at: Array, material: Material, scale: float) -> Strands:
    towards = unit(rng.normal(size=(1500, 1, 3)))
    radius = rng.uniform(0.025, 0.04) * scale
    paths = at + np.array([0, 0, radius * 0.7]) + towards * np.linspace(0, radius, 4)[:, None]
    paths = paths + waves(rng, 1500, 4, (1,)) * radius * 0.2
    colour = np.asarray(material.colour) if rng.random() < 0.6 else dye(rng)
    return Strands(paths, 0.0006, colour * np.exp(rng.normal(0, 0.25, (1500, 1))))


def _cap(rng: Rng, figure: Figure) -> Headwear:
    rim = _rim(rng.uniform(72, 82), rng.uniform(80, 88), rng.uniform(80, 92))
    shell = _Shell(figure, rng.uniform(72, 84), rim)
    material = cloth(rng)
    crown = grid(shell.points(DOWN_THE_SHELL, 0.014), material, (2, 1))
    turn = np.linspace(-1, 1, 15)
    column = (turn * 0.15 * (COLUMNS - 1)).round().astype(int) % (COLUMNS - 1)
    edge = figure.in_head(shell.points(np.array([0.97]), 0.012)[0, column])
    reach = rng.uniform(0.055, 0.08) * np.cos(turn * np.pi / 2)[:, None] ** 0.5
    ahead = np.array([0, -1, rng.uniform(-0.45, -0.05)]) + turn[:, None] ** 2 * [0, 0, -0.3]
    visor = np.stack([edge + ahead * reach * fraction for fraction in (0, 0.5, 1, 1, 0.5, 0)])
    visor[3:] -= [0, 0, 0.004]
    brim = grid(figure.from_head(visor), material if rng.random() < 0.6 else cloth(rng))
    return Headwear([draped(rng, crown, 0.0015), brim], [], shell.bare())


def _hood(rng: Rng, figure: Figure) -> Headwear:
    rim = _rim(rng.uniform(72, 96), rng.uniform(98, 122), rng.uniform(70, 85))
    shell = _Shell(figure, rng.uniform(20, 35), rim)
    points = shell.points(DOWN_THE_SHELL, 0.0)
    slack = fractal_at(points.reshape(-1, 3) * 7 + rng.uniform(0, 90, 3), 2).reshape(ROWS, COLUMNS)
    gap = rng.uniform(0.016, 0.04) + rng.uniform(0.01, 0.04) * (slack - 0.3)
    material = cloth(rng)
    hood = grid(shell.points(DOWN_THE_SHELL, gap), material, (3, 2))
    meshes = [draped(rng, hood, rng.uniform(0.004, 0.01)), *_collar(rng, figure, material)]
    strands = []
    if rng.random() < 0.3:  # a trim of fur
        edge = grid(hood.vertices.reshape(ROWS, COLUMNS, 3)[-3:], material)
        fibres = fuzz(rng, edge.vertices, edge.faces, normals(edge.vertices, edge.faces), 5000)
        fibres = fibres[:, :1] + (fibres - fibres[:, :1]) * 3
        colours = dye(rng) * np.exp(rng.normal(0, 0.25, (len(fibres), 1)))
        strands.append(Strands(fibres, 0.0001, colours))
    return Headwear(meshes, strands, shell.bare())


def _headscarf(rng: Rng, figure: Figure) -> Headwear:
    rim = _rim(rng.uniform(82, 92), rng.uniform(104, 116), rng.uniform(80, 92))
    shell = _Shell(figure, rng.uniform(20, 32), rim)
    material = cloth(rng)
    cover = grid(shell.points(DOWN_THE_SHELL, rng.uniform(0.007, 0.014)), material, (2, 2))
    meshes = [draped(rng, cover, rng.uniform(0.002, 0.006)), *_collar(rng, figure, material)]
    return Headwear(meshes, [], np.zeros(len(figure.vertices), bool))


def _hat(rng: Rng, figure: Figure) -> Headwear:
    names = [name for name in figure.parts.of_kind("clothes") if name.startswith("fedora")]
    material = cloth(rng) if rng.random() < 0.7 else solid(rng)
    mesh = fitted(figure, names[int(rng.integers(len(names)))], material)
    return Headwear([mesh], [], figure.in_head(figure.vertices)[:, 2] < 0.06)


def _collar(rng: Rng, figure: Figure, material: Material) -> list[Mesh]:
    """Return a thick roll round the neck, of one or two turns."""
    pose = figure.pose
    middle = 0.55 * pose.joint("neck01") + 0.45 * pose.joint("neck02")
    turn = pose.turn("neck01")
    upright = (figure.vertices - middle) @ turn
    level = (np.abs(upright[:, 2]) < 0.03) & (figure.parts.bone_weight(["neck"]) > 0.5)
    neck = float(np.percentile(np.linalg.norm(upright[level, :2], axis=1), 80))
    round_ = np.linspace(0, 2 * np.pi, 49)
    meshes = []
    for number in range(int(rng.integers(1, 3))):
        thick = rng.uniform(0.02, 0.04) * figure.scale
        ring = neck + thick * rng.uniform(0.6, 0.9) + 0.012 * number
        tilt = rng.uniform(0.15, 0.5)
        path = np.stack([np.cos(round_), np.sin(round_), np.sin(round_) * tilt], axis=1) * ring
        path[:, 2] += rng.uniform(-0.015, 0.015) - 0.03 * number
        bumps = fractal_at(path * 30 + rng.uniform(0, 90, 3), 2)[:, None] + 0.5
        bumps[-1] = bumps[0]
        around = np.linspace(0, 2 * np.pi, 17)
        oval = 1 + 0.35 * np.abs(np.cos(around + rng.uniform(0, 3)))[None]
        roll = tube(middle + path @ turn.T, thick * oval * bumps, material)
        meshes.append(draped(rng, roll, rng.uniform(0.004, 0.01)))
    return meshes


def draw_scarf(rng: Rng, figure: Figure, surface: Surface) -> tuple[list[Mesh], list[Strands]]:
    """Draw a scarf: a roll round the neck, ends that hang on the chest, often with a fringe."""
    material = knit(rng) if rng.random() < 0.5 else cloth(rng)
    meshes, strands = _collar(rng, figure, material), []
    for _ in range(int(rng.integers(0, 3))):
        start = 0.7 * figure.pose.joint("neck01") + 0.3 * figure.pose.joint("neck02")
        start = start + [rng.normal(0, 0.035), -0.09 * figure.scale, 0]
        width, length = rng.uniform(0.08, 0.17), rng.uniform(0.2, 0.55)
        across = np.linspace(-0.5, 0.5, 8) * width
        rows = []
        at = start + across[:, None] * [0.5, 0.25, 0]
        for row in range(28):
            rows.append(at)
            spread = np.array([across * (0.5 / 28 if row < 14 else 0)]).T * [1, 0, 0]
            at = surface.lay(at + spread + [0, 0.002, -length / 28], 0.014)
        end = draped(rng, grid(np.stack(rows), material, (1, 3)), rng.uniform(0.003, 0.008))
        meshes.append(end)
        if rng.random() < 0.6:
            strands.append(_fringe(rng, end.vertices[-8:], material))
    return meshes, strands


def _fringe(rng: Rng, edge: Array, material: Material) -> Strands:
    at = rng.uniform(0, len(edge) - 1, 140)
    roots = np.stack([np.interp(at, range(len(edge)), axis) for axis in edge.T], axis=1)
    fall = np.linspace(0, rng.uniform(0.03, 0.08), 6)[:, None] * [0, -0.1, -1]
    paths = roots[:, None] + fall + waves(rng, 140, 6, (1, 2)) * 0.006
    return Strands(paths, 0.0009, np.tile(np.asarray(material.colour), (140, 1)), tip=0.8)
