"""A whole person: body, face, clothes, headwear, hair and belongings, as meshes and strands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people import materials
from matteplug.training.people.body.bodies import draw_body
from matteplug.training.people.body.figure import Figure, Surface
from matteplug.training.people.body.parts import Parts
from matteplug.training.people.body.poses import draw_pose
from matteplug.training.people.cameras import Landmarks
from matteplug.training.people.hair import fibres, hair
from matteplug.training.people.meshes import Mesh, Strands, normals
from matteplug.training.people.traits import Traits, draw_traits
from matteplug.training.people.wear.clothes import Photo, draw_clothes, fitted
from matteplug.training.people.wear.headwear import draw_headwear, draw_scarf
from matteplug.training.people.wear.things import draw_things
from matteplug.training.scenes.noise import Rng

Array = NDArray[Any]
EYES = ("brown_eye",) * 3 + (
    "brownlight_eye", "blue_eye", "green_eye", "grey_eye", "deepblue_eye",
)  # fmt: skip
_SHORT = ("buzz", "crop", "short", "quiff", "messy", "slick")
_LONG = ("bob", "fringe", "long", "long", "wavy", "ponytail", "bun")
_BIG = ("curly", "frizzy", "afro", "locs")


@dataclass(eq=False)
class Person:
    """A person, ready to be put into a scene."""

    meshes: list[Mesh]
    strands: list[Strands]
    landmarks: Landmarks

    def moved(self, by: Array) -> Person:
        """Return the person at another place; `by` (3,) metres."""
        for mesh in self.meshes:
            mesh.vertices = mesh.vertices + by
        for tuft in self.strands:
            tuft.paths = tuft.paths + by
        return self


def draw_person(parts: Parts, rng: Rng, photo: Photo, *, hairs: int, whole: bool) -> Person:
    """Draw a person.

    Args:
        parts: of bodies and clothes.
        rng: random numbers.
        photo: returns a photograph to print cloth with, or None.
        hairs: number of strands on the head.
        whole: more than the bust is seen, so that all poses are possible.
    """
    traits = draw_traits(rng)
    rest = draw_body(parts, rng, traits)
    figure = Figure.posed(parts, rest, draw_pose(parts, rng, rest, whole=whole))
    clothes, hidden = draw_clothes(rng, figure, traits, photo)
    colour = materials.hair_colour(rng, traits)
    meshes = [*clothes, _skin(rng, figure, traits, hidden), *_face(rng, figure, colour)]
    strands = []
    wool = clothes[0]
    if wool.material.texture is None and rng.random() < 0.25:
        outward = normals(wool.vertices, wool.faces)
        paths = fibres.fuzz(rng, wool.vertices, wool.faces, outward, 9000)
        strands.append(
            Strands(paths, 0.00006, np.asarray(wool.material.colour) * _varied(rng, 9000))
        )
    surface = _surface(figure, clothes)
    headwear = draw_headwear(rng, figure)
    meshes += headwear.meshes
    strands += headwear.strands
    if rng.random() < 0.12:
        more, tufts = draw_scarf(rng, figure, surface)
        meshes, strands = meshes + more, strands + tufts
    more, tufts = draw_things(rng, figure, surface, photo)
    meshes, strands = meshes + more, strands + tufts
    strands += _hair(rng, figure, traits, surface, headwear.bare, colour, hairs)
    return Person(meshes, strands, figure.landmarks())


def _skin(rng: Rng, figure: Figure, traits: Traits, hidden: Array) -> Mesh:
    parts = figure.parts
    faces, uv_faces = parts.group("body"), parts.group_uv("body")
    seen = ~hidden[faces].all(axis=1)
    paint = np.zeros((len(figure.vertices), 3))
    paint[:, 0] = np.clip(parts.lips * 1.6 - 0.4, 0, 1)
    paint[:, 1] = np.clip(parts.ears * 2, 0, 0.5)
    skin = materials.skin(rng, traits)
    return Mesh(figure.vertices, faces[seen], parts.uv, uv_faces[seen], skin, paint)


def _face(rng: Rng, figure: Figure, hair_colour: Array) -> list[Mesh]:
    """Return eyes, brows, lashes and teeth."""
    parts = figure.parts

    def one(kind: str) -> str:
        names = parts.of_kind(kind)
        return names[int(rng.integers(len(names)))]

    brows, lashes = one("eyebrows"), one("eyelashes")
    materials_by_part = {
        one("eyes"): materials.eye(parts.texture(f"{rng.choice(EYES)}.webp")),
        brows: materials.lashes(
            parts.texture(f"{brows}.webp"), np.clip(hair_colour * 0.5, 0.003, 0.3)
        ),
        lashes: materials.lashes(parts.texture(f"{lashes}.webp"), np.full(3, 0.008)),
        one("teeth"): materials.solid(rng, np.array([0.6, 0.55, 0.48])),
    }
    return [fitted(figure, name, material) for name, material in materials_by_part.items()]


def _surface(figure: Figure, clothes: list[Mesh]) -> Surface:
    """Return the surface that hair and straps lie on: the body and the clothes."""
    body = np.unique(figure.parts.group("body"))
    points = [figure.vertices[body], *(mesh.vertices for mesh in clothes)]
    outward = [figure.normals[body], *(normals(mesh.vertices, mesh.faces) for mesh in clothes)]
    return Surface(np.concatenate(points), np.concatenate(outward))


def _varied(rng: Rng, count: int) -> Array:
    spread: Array = np.exp(rng.normal(0, 0.22, (count, 1)))
    return spread


def _hair(
    rng: Rng,
    figure: Figure,
    traits: Traits,
    surface: Surface,
    bare: Array,
    colour: Array,
    count: int,
) -> list[Strands]:
    """Return the hair of the head, and a beard."""
    tufts = []
    woman = traits.male < 0.5
    receding = 0.0 if woman else max(0.0, rng.normal(0, 0.35))
    choices = _LONG * 3 + _SHORT if woman else _SHORT * 4 + _LONG
    style = str(rng.choice([*choices, *_BIG, *["bald"] * (1 if woman else 3)]))
    radius = rng.uniform(0.00005, 0.00009)
    if not bare.all() and style in ("afro", "quiff", "bun", "messy"):
        style = "long" if woman else "short"  # styles that fit under a hat
    if style != "bald":
        mask = hair.scalp(figure, receding) * bare
        thick = {"buzz": 0.8, "crop": 0.8, "afro": 1.5}.get(style, 1.0)
        paths = hair.grow(rng, figure, surface, mask, hair.STYLES[style], int(count * thick))
        tufts.append(Strands(paths, radius, colour * _varied(rng, len(paths))))
    if traits.male > 0.6 and rng.random() < 0.45:
        paths = fibres.beard(rng, figure, 6000)
        tufts.append(Strands(paths, 0.00005, colour * _varied(rng, len(paths))))
    return tufts
