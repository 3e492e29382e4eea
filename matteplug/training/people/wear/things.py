"""Belongings, worn and held: glasses, headphones, bags, guitars, cups, books, flowers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.images.srgb import linear_from_srgb
from matteplug.training.people.body.figure import Figure, Surface
from matteplug.training.people.hair.fibres import waves
from matteplug.training.people.materials import Material, cloth, dye, solid
from matteplug.training.people.meshes import Mesh, Strands, unit
from matteplug.training.people.wear.clothes import Photo
from matteplug.training.people.wear.solids import cylinder, ribbon, rounded, tube
from matteplug.training.scenes.noise import Rng

Array = NDArray[Any]
_HELD = {
    "phone": (0.075, 0.009, 0.15), "book": (0.15, 0.03, 0.22), "tablet": (0.24, 0.012, 0.18),
    "box": (0.3, 0.2, 0.22), "ball": (0.2, 0.2, 0.2), "sheet": (0.3, 0.004, 0.42),
}  # fmt: skip
_ROUND = {"cup": (0.08, 0.1), "bottle": (0.07, 0.24), "microphone": (0.035, 0.2)}


def draw_things(
    rng: Rng, figure: Figure, surface: Surface, photo: Photo
) -> tuple[list[Mesh], list[Strands]]:
    """Draw what is worn on the face or carried; often nothing."""
    meshes: list[Mesh] = []
    strands: list[Strands] = []
    if rng.random() < 0.2:
        meshes += glasses(rng, figure)
    if rng.random() < 0.05:
        meshes += _headphones(rng, figure)
    carried = rng.choice(
        ["", "bag", "backpack", "guitar", "held"], p=[0.62, 0.09, 0.07, 0.05, 0.17]
    )
    if carried == "bag":
        meshes += _bag(rng, figure, surface)
    elif carried == "backpack":
        meshes += _backpack(rng, figure, surface)
    elif carried == "guitar":
        meshes += _guitar(rng, figure, surface)
    elif carried == "held":
        more, tufts = _held(rng, figure, photo)
        meshes, strands = meshes + more, strands + tufts
    return meshes, strands


def glasses(rng: Rng, figure: Figure) -> list[Mesh]:
    """Return spectacles or sunglasses."""
    left, ahead, up = figure.axes[:, 0], -figure.axes[:, 1], figure.axes[:, 2]
    scale = figure.scale
    radius, flat = rng.uniform(0.019, 0.027) * scale, rng.uniform(0.7, 1)
    square = 2 / rng.uniform(2, 5)
    frame = solid(rng, dye(rng) * rng.choice([0.2, 1.0]))
    thick = rng.uniform(0.0008, 0.0024)
    turn = np.linspace(0, 2 * np.pi, 33)
    cos, sin = np.cos(turn), np.sin(turn)
    wide, high = np.sign(cos) * np.abs(cos) ** square, np.sign(sin) * np.abs(sin) ** square
    middles = [eye + ahead * 0.026 * scale - up * 0.004 * scale for eye in figure.eyes()]
    meshes = []
    dark = rng.random() < 0.35
    for middle, side in zip(middles, (1, -1), strict=True):
        rim = middle + radius * (wide[:, None] * left + flat * high[:, None] * up)
        meshes.append(tube(rim, thick, frame))
        hinge = middle + left * side * radius
        temple = np.stack([hinge, hinge + left * side * 0.016 - ahead * 0.02, hinge - ahead * 0.12])
        temple[2] += left * side * 0.02
        meshes.append(tube(_bent(temple), thick, frame))
        if dark:
            size = (2 * radius, 0.002, 2 * radius * flat)
            lens = Material(kind=frame.kind, colour=dye(rng) * 0.06, roughness=0.1, gloss=2.0)
            meshes.append(rounded(size, lens, 2 / square, middle, figure.axes))
    bridge = np.stack(
        [middles[0] - left * radius, (middles[0] + middles[1]) / 2 + up * 0.004,
         middles[1] + left * radius]
    )  # fmt: skip
    meshes.append(tube(_bent(bridge), thick, frame))
    return meshes


def _bent(corners: Array, count: int = 24) -> Array:
    """Return (count, 3) points along a line through corners."""
    at = np.linspace(0, len(corners) - 1, count)
    return np.stack([np.interp(at, range(len(corners)), axis) for axis in corners.T], axis=1)


def _headphones(rng: Rng, figure: Figure) -> list[Mesh]:
    shell, band = solid(rng), solid(rng)
    turn = np.linspace(-1.75, 1.75, 25)
    arc = np.stack([0.088 * np.sin(turn), 0.0 * turn, 0.02 + 0.125 * np.cos(turn)], axis=1)
    meshes = [tube(figure.from_head(arc), 0.008, band)]
    size = rng.uniform(0.06, 0.085)
    for side in (-1, 1):
        at = figure.from_head(np.array([0.085 * side, 0.005, 0.0]))
        meshes.append(rounded((0.035, size, size), shell, 3, at, figure.axes))
    return meshes


def _strap(corners: Array, surface: Surface, width_m: float, material: Material) -> Mesh:
    """Return a band through corners that lies on the clothes."""
    path = _bent(corners, 60)
    for _ in range(3):
        path = surface.lay(path, 0.012)
        path[1:-1] = (path[:-2] + 2 * path[1:-1] + path[2:]) / 4
    outward = unit(surface.push(path, 0.05, 0.12) - path + [0, -1e-6, 0])
    return ribbon(path, outward, width_m, material)


def _bag(rng: Rng, figure: Figure, surface: Surface) -> list[Mesh]:
    pose = figure.pose
    side = int(rng.choice([-1, 1]))
    hip = pose.joint("upperleg01.L" if side > 0 else "upperleg01.R")
    far = "R" if side > 0 and rng.random() < 0.7 else "L"
    shoulder = (pose.joint("clavicle." + far) + pose.joint("upperarm01." + far)) / 2
    size = tuple(rng.uniform([0.08, 0.2, 0.16], [0.14, 0.36, 0.32]))
    at = hip + [side * (0.16 + size[0] / 2), rng.normal(0, 0.05), rng.uniform(-0.1, 0.15)]
    leather = solid(rng) if rng.random() < 0.5 else cloth(rng)
    bag = rounded((size[0], size[1], size[2]), leather, rng.uniform(4, 9), at, np.eye(3))
    top = at + [0, 0, size[2] / 2]
    front, back = pose.joint("spine03") + [0, -0.14, 0], pose.joint("spine03") + [0, 0.14, 0]
    over = shoulder + [0, 0, 0.05]
    corners = np.stack([top - [0, size[1] / 2, 0], front, over, back, top + [0, size[1] / 2, 0]])
    strap = _strap(corners, surface, rng.uniform(0.015, 0.05), leather)
    return [bag, strap]


def _backpack(rng: Rng, figure: Figure, surface: Surface) -> list[Mesh]:
    pose = figure.pose
    size = tuple(rng.uniform([0.26, 0.12, 0.38], [0.36, 0.22, 0.55]))
    fabric = cloth(rng)
    chest = pose.joint("spine03")
    at = chest + [0, 0.13 + size[1] / 2, rng.uniform(-0.05, 0.08)]
    pack = rounded((size[0], size[1], size[2]), fabric, rng.uniform(3, 6), at, np.eye(3))
    meshes = [pack]
    for side in ("L", "R"):
        shoulder = 0.6 * pose.joint("clavicle." + side) + 0.4 * pose.joint("upperarm01." + side)
        x = shoulder[0] * 1.1
        corners = np.array(
            [[x, at[1] - size[1] / 2, shoulder[2]], shoulder + [0, 0, 0.06],
             [x, shoulder[1] - 0.12, shoulder[2] - 0.06],
             [x * 1.1, chest[1] - 0.1, chest[2] - 0.05],
             [x * 1.4, chest[1] + 0.02, chest[2] - 0.18]]
        )  # fmt: skip
        meshes.append(_strap(corners, surface, rng.uniform(0.03, 0.06), fabric))
    return meshes


def _guitar(rng: Rng, figure: Figure, surface: Surface) -> list[Mesh]:
    pose = figure.pose
    wood = solid(rng, linear_from_srgb(np.array([0.75, 0.45, 0.2]) * rng.uniform(0.3, 1.2, 1)))
    if rng.random() < 0.35:
        wood = solid(rng)
    dark = solid(rng, np.full(3, 0.015))
    waist = (pose.joint("spine05") + pose.joint("spine03")) / 2
    tilt = np.radians(rng.uniform(5, 45))
    along = np.array([np.cos(tilt), -0.15, np.sin(tilt)])
    along /= np.linalg.norm(along)
    out = unit(np.array([0.1, -1.0, 0.05]) - along * (along @ np.array([0.1, -1.0, 0.05])))
    axes = np.stack([along, out, np.cross(along, out)], axis=1)
    at = surface.push((waist + [-0.08, -0.15, 0])[None], 0.06, 0.3)[0] + out * 0.03
    pieces: list[tuple[tuple[float, float, float], float, Material, float, float]] = [
        ((0.34, 0.09, 0.38), 2.4, wood, 0.0, 0.0), ((0.26, 0.09, 0.29), 2.4, wood, 0.22, 0.0),
        ((0.1, 0.01, 0.1), 2.0, dark, 0.14, 0.046), ((0.5, 0.02, 0.05), 8.0, dark, 0.55, 0.04),
        ((0.16, 0.02, 0.08), 6.0, wood, 0.86, 0.03),
    ]  # fmt: skip
    meshes = [
        rounded(size, material, square, at + along * far + out * up, axes)
        for size, square, material, far, up in pieces
    ]
    shoulder = (pose.joint("clavicle.L") + pose.joint("upperarm01.L")) / 2 + [0, 0, 0.05]
    back = pose.joint("spine03") + [0, 0.15, 0]
    ends = at + along * 0.3 - out * 0.03, at - along * 0.16 - out * 0.03
    corners = np.stack([ends[0], shoulder, back, ends[1]])
    return [*meshes, _strap(corners, surface, 0.05, cloth(rng))]


def _held(rng: Rng, figure: Figure, photo: Photo) -> tuple[list[Mesh], list[Strands]]:
    side = str(rng.choice(["L", "R"]))
    pose = figure.pose
    knuckle = pose.joint("finger3-1." + side)
    palm = pose.turn("wrist." + side) @ np.array([0, 0, -1.0])
    along = unit(knuckle - pose.joint("wrist." + side))
    across = unit(np.cross(palm, along))
    axes = np.stack([along, palm, across], axis=1)
    material = cloth(rng, photo()) if rng.random() < 0.5 else solid(rng)
    what = str(rng.choice([*_HELD, *_ROUND, "flowers"]))
    if what in _HELD:
        size = np.array(_HELD[what]) * rng.uniform(0.8, 1.2)
        at = knuckle + palm * (size[1] / 2 + 0.012)
        square = 2.0 if what == "ball" else rng.uniform(6, 12)
        return [rounded((size[0], size[1], size[2]), material, square, at, axes)], []
    if what in _ROUND:
        wide, high = _ROUND[what]
        at = knuckle + palm * (wide / 2 + 0.01)
        return [cylinder((wide, high), material, at, axes, rng.uniform(0.6, 1.1))], []
    return [], [_flowers(rng, knuckle + palm * 0.02, across if across[2] > 0 else -across)]


def _flowers(rng: Rng, at: Array, up: Array) -> Strands:
    """Return a bunch: green stems, and a tuft of petals at the end of each."""
    stems = int(rng.integers(6, 25))
    heading = unit(up + rng.normal(0, 0.28, (stems, 3)))
    ends = at + heading * rng.uniform(0.15, 0.35, (stems, 1))
    along = np.linspace(0, 1, 8)[None, :, None]
    paths = [at - heading[:, None] * 0.1 + (ends - at + heading * 0.1)[:, None] * along]
    colours = [np.tile(linear_from_srgb(np.array([0.2, 0.4, 0.12])), (stems, 1))]
    for end in ends:
        petals = unit(rng.normal(size=(90, 1, 3))) * rng.uniform(0.012, 0.04)
        paths.append(end + petals * along + waves(rng, 90, 8, (1,)) * 0.004)
        colours.append(dye(rng) * np.exp(rng.normal(0, 0.2, (90, 1))))
    return Strands(np.concatenate(paths), 0.0016, np.concatenate(colours), tip=0.9)
