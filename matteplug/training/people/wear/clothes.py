"""Clothes: fitted garments of the parts, and shells of the body cut to shirts and coats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.body.figure import Figure
from matteplug.training.people.body.poses import X, rotation
from matteplug.training.people.materials import Material, cloth, printed
from matteplug.training.people.meshes import Mesh, normals, smooth_border, subdivided
from matteplug.training.people.procedural import fractal_at
from matteplug.training.people.traits import Traits
from matteplug.training.scenes.noise import Rng, log_uniform

Array = NDArray[Any]
Photo = Callable[[], Array | None]
"""Returns a photograph to print cloth with, or None."""
FINE_FACES = 5500
"""Shells are subdivided until they have more faces."""


def draw_clothes(
    rng: Rng, figure: Figure, traits: Traits, photo: Photo
) -> tuple[list[Mesh], Array]:
    """Dress a figure.

    Returns:
        the clothes, and a mask (V,) of the body's vertices that they hide.
    """
    hidden = np.zeros(len(figure.rest), bool)
    style = rng.choice(["suit", "shells", "mixed"], p=[0.28, 0.47, 0.25])
    clothes = []
    if style != "shells":
        garments = figure.parts.garments
        sex = "male_" if traits.male > 0.5 else "female_"
        names = figure.parts.of_kind("clothes")
        suits = [name for name in names if name.startswith(sex)]
        shoes = [name for name in names if name.startswith("shoes")]
        for choice in (suits, shoes):
            garment = garments[choice[int(rng.integers(len(choice)))]]
            material = (
                cloth(rng, photo())
                if garment.texture is None
                else printed(rng, figure.parts.texture(garment.texture))
            )
            mesh = fitted(figure, garment.name, material)
            clothes.append(draped(rng, mesh, rng.uniform(0.001, 0.004)))
            hidden[garment.hidden] = True
    if style != "suit":
        clothes += _Tailor(rng, figure, photo).shells(traits, over=style == "mixed")
    return clothes, hidden


def fitted(figure: Figure, name: str, material: Material) -> Mesh:
    """Return a garment of the parts on the figure."""
    garment = figure.parts.garments[name]
    weights = np.einsum("vk,vkb->vb", garment.anchor_weights, figure.parts.weights[garment.anchors])
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-4)
    vertices = figure.pose.applied(garment.fitted(figure.rest), weights)
    return Mesh(vertices, garment.faces, garment.uv, garment.uv_faces, material)


def draped(rng: Rng, mesh: Mesh, depth_m: float, rest: Array | None = None) -> Mesh:
    """Add folds to cloth, in place: ridges along lines of noise, darker in between; or puffs.

    Args:
        rng: random numbers.
        mesh: the cloth.
        depth_m: depth of the deepest folds.
        rest: (V, 3) positions that anchor the pattern; the vertices by default.
    """
    place = mesh.vertices if rest is None else rest
    stretch = np.array([1.0, 1.0, rng.uniform(0.2, 0.9)]) @ rotation(X, rng.normal(0, 25))
    at = place * stretch * log_uniform(rng, 7, 16) + rng.uniform(0, 90, 3)
    at = at + 2.5 * fractal_at(place * 4 + rng.uniform(0, 90, 3), 2)[:, None]
    lines = (fractal_at(at, 3) - 0.46) * 5
    fold = np.exp(-((lines * 1.6) ** 2)) if rng.random() < 0.75 else np.abs(lines).clip(0, 1)
    fine = fractal_at(at * 3.1 + 50, 2) - 0.4
    height = fold - 0.5 + 0.4 * fine
    mesh.vertices = mesh.vertices + normals(mesh.vertices, mesh.faces) * depth_m * height[:, None]
    mesh.paint = np.zeros((len(place), 3))
    mesh.paint[:, 2] = np.clip(-0.6 * height * min(1, depth_m / 0.006), 0, 0.6)
    return mesh


class _Tailor:
    """Cuts shells out of the helper meshes around the body, by bones and heights."""

    def __init__(self, rng: Rng, figure: Figure, photo: Photo) -> None:
        self.rng, self.figure, self.photo = rng, figure, photo
        parts, rest = figure.parts, figure.rest
        self.tights, self.skirt = parts.group("helper-tights"), parts.group("helper-skirt")
        self.height = rest[:, 1]
        self.upper_arm, self.lower_arm = (
            parts.bone_weight(["upperarm02"]),
            parts.bone_weight(["lowerarm"]),
        )
        self.hand = parts.bone_weight(["wrist", "finger", "metac"])
        self.lower_leg, self.foot = (
            parts.bone_weight(["lowerleg"]),
            parts.bone_weight(["foot", "toe"]),
        )
        self.leg = parts.bone_weight(["upperleg02"]) + self.lower_leg
        self.hips = self._joint("upperleg01.L")[1]
        self.neck = self._joint("neck02")
        self.outward = normals(rest, np.concatenate([self.tights, self.skirt]))

    def _joint(self, bone: str) -> Array:
        corner = self.figure.parts.heads[self.figure.parts.bone[bone]]
        middle: Array = self.figure.rest[corner].mean(axis=0)
        return middle

    def shells(self, traits: Traits, *, over: bool) -> list[Mesh]:
        """Return shirt and trousers or skirt, perhaps a jacket or a coat; only a top if `over`."""
        rng = self.rng
        hem = self.hips - rng.uniform(-1.2, 1.4)
        pieces = [(self._top(hem), rng.uniform(0.05, 0.18))]
        if over:
            pieces = [(pieces[0][0], rng.uniform(0.25, 0.35))]
        elif traits.male < 0.5 and rng.random() < 0.35:
            low, high = self.height[self.skirt].min(), self.height[self.skirt].max()
            long_ = self.height > low + rng.uniform(0, 0.6) * (high - low)
            pieces.append((_cut(self.skirt, long_), rng.uniform(0.02, 0.12)))
        else:
            short = 0.3 if rng.random() < 0.25 else 9
            cover = (self.height < hem + 0.5) & (self.foot < 0.5) & (self.lower_leg < short)
            pieces.append((_cut(self.tights, cover), rng.uniform(0.04, 0.14)))
        outer = rng.random()
        if outer < 0.32 and not over:
            pieces.append((self._jacket(), rng.uniform(0.25, 0.4)))
        elif outer < 0.47:
            pieces += [(faces, rng.uniform(0.32, 0.5)) for faces in self._coat()]
        fabric = cloth(rng, self.photo())
        meshes = []
        for number, (faces, gap) in enumerate(pieces):
            if len(faces) >= 20:
                coat = number >= 2
                fabric = fabric if number == 3 else cloth(rng, self.photo())
                meshes.append(
                    self._sewn(faces, gap, fabric, rng.uniform(0.004, 0.012 + 0.006 * coat))
                )
        return meshes

    def _top(self, hem: float) -> Array:
        rng = self.rng
        collar = rng.uniform(0.1, 0.55) + 0.5 * (rng.random() < 0.15)
        v_neck = rng.uniform(0, 0.5) * (rng.random() < 0.35)
        if rng.random() < 0.2:  # a roll neck
            collar, v_neck = -0.4, 0.0
        away = np.linalg.norm((self.figure.rest - self.neck) * [1, 0.9 - v_neck, 1], axis=1)
        keep = (self.height > hem) & (away > collar * 0.9 + 0.45) & self._off_legs()
        sleeve = rng.choice(["long", "long", "long", "short", "three-quarter", "none"])
        if sleeve == "short":
            keep &= self.lower_arm < 0.35
        elif sleeve == "three-quarter":
            keep &= self.lower_arm < 0.85
        elif sleeve == "none":
            keep &= self.lower_arm + self.upper_arm < 0.3
        return _cut(self.tights, keep)

    def _off_legs(self) -> Array:
        clear: Array = (self.hand < 0.5) & (self.leg < 0.75)
        return clear

    def _jacket(self) -> Array:
        hem = self.hips - self.rng.uniform(-0.3, 1.5)
        return _cut(self.tights, (self.height > hem) & self._off_legs() & ~self._open_front())

    def _coat(self) -> list[Array]:
        rng = self.rng
        low, high = self.height[self.skirt].min(), self.height[self.skirt].max()
        front = self._open_front() if rng.random() < 0.5 else np.zeros(len(self.height), bool)
        long_ = self.height > low + rng.uniform(0, 0.7) * (high - low)
        body = (self.height > self.hips - 0.3) & self._off_legs() & ~front
        return [_cut(self.tights, body & self._below_neck()), _cut(self.skirt, long_ & ~front)]

    def _below_neck(self) -> Array:
        away: Array = np.linalg.norm(self.figure.rest - self.neck, axis=1)
        return away > self.rng.uniform(0.5, 0.9)

    def _open_front(self) -> Array:
        rest, rng = self.figure.rest, self.rng
        wider = 0.1 * np.clip(rest[:, 1] - self.hips, 0, 3) * rng.random()
        strip: Array = (rest[:, 2] > 0) & (np.abs(rest[:, 0]) < rng.uniform(0.25, 0.7) + wider)
        return strip | ~self._below_neck()

    def _sewn(self, faces: Array, gap_dm: float, material: Material, folds_m: float) -> Mesh:
        """Return a shell `gap_dm` off the body: it rests on the shoulders and hangs off below."""
        rng, figure = self.rng, self.figure
        hangs = np.clip(1.15 - self.outward[:, 1], 0.8 if gap_dm > 0.24 else 0.3, 1.2)
        slack = fractal_at(figure.rest * 0.7 + rng.uniform(0, 90, 3), 2) - 0.4
        offset = gap_dm * hangs + slack * rng.uniform(0.05, 0.35)
        rest = figure.rest + self.outward * np.maximum(offset, 0.04)[:, None]
        smooth_border(rest, faces)
        used = np.unique(faces)
        place = np.full(len(rest), -1)
        place[used] = np.arange(len(used))
        uv = np.stack([rest[used, 0] + rest[used, 2] * 0.5, rest[used, 1]], axis=1) * 0.12
        vertices = figure.pose.applied(rest, figure.parts.weights)[used]
        mesh = Mesh(vertices, place[faces], uv, place[faces], material)
        anchored = Mesh(figure.rest[used] * 0.1, place[faces], uv, place[faces], material)
        while len(mesh.faces) < FINE_FACES:
            mesh, anchored = subdivided(mesh), subdivided(anchored)
        return draped(rng, mesh, folds_m, anchored.vertices)


def _cut(faces: Array, keep: Array) -> Array:
    """Return the faces of which all corners are kept."""
    cut: Array = faces[keep[faces].all(axis=1)]
    return cut
