"""One rendered picture of people: from a seed to straight colour and alpha."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.images.srgb import linear_from_srgb
from matteplug.training.people.body.parts import Parts, read_texture
from matteplug.training.people.cameras import FRAMINGS, draw_camera
from matteplug.training.people.person import Person, draw_person
from matteplug.training.people.render.finishing import finish, with_blurred_face
from matteplug.training.people.render.lights import draw_lights
from matteplug.training.people.render.renderer import render
from matteplug.training.people.render.scene import assemble
from matteplug.training.scenes.noise import Rng
from matteplug.training.scenes.photographs import pictures_in
from matteplug.training.scenes.rendered_people import LEAST_COVER, MOST_COVER

Array = NDArray[Any]
HAIRS = {
    "face": 30000, "head": 26000, "bust": 20000, "half": 14000, "knees": 10000, "full": 8000,
}  # fmt: skip
PEOPLE_PROBABILITIES = (0.84, 0.12, 0.04)
"""Probabilities of one, two and three people in a picture."""
BLURRED_FACE_PROBABILITY = 0.12
MOST_SOFT_FRACTION = 0.5
ATTEMPTS = 8


class Portraits:
    """Renders people, each picture from its seed alone.

    Args:
        parts: folder of the parts (`matteplug.training.people.body.parts`).
        photos: folder of photographs, for printed cloth and for light.
        size_px: edge of the pictures.

    Raises:
        RequestError: a folder is missing or empty, or a file in it is damaged.
    """

    def __init__(self, parts: Path, photos: Path, size_px: int) -> None:
        self._photos = pictures_in(photos, "photographs")
        self._parts = Parts(parts)
        self._read: dict[Path, Array] = {}
        self._size_px = size_px

    def picture(self, seed: int) -> Array:
        """Return (size, size, 4) uint8 straight sRGB and alpha, the same for the same seed.

        Pictures that show almost nothing, no edge or little but hair are drawn again.

        Raises:
            RequestError: a photograph or a texture is damaged.
        """
        for attempt in range(ATTEMPTS):
            picture = self._draw(np.random.default_rng([seed, attempt]))
            alpha = picture[..., 3] / 255
            soft = ((alpha > 0.02) & (alpha < 0.98)).sum() / max(1, (alpha > 0.02).sum())
            if LEAST_COVER < alpha.mean() < MOST_COVER and soft < MOST_SOFT_FRACTION:
                break
        return picture

    def _draw(self, rng: Rng) -> Array:
        framing = str(rng.choice(list(FRAMINGS), p=list(FRAMINGS.values())))
        people = self._people(rng, framing)
        meshes = [mesh for person in people for mesh in person.meshes]
        strands = [tuft for person in people for tuft in person.strands]
        camera = draw_camera(rng, people[0].landmarks, framing, self._size_px)
        towards = camera.eye - people[0].landmarks.head
        sky = self._sky(rng) if rng.random() < 0.65 else None
        lights = draw_lights(rng, sky, float(np.arctan2(towards[0], -towards[1])))
        seen = render(assemble(meshes, strands), camera, lights, int(rng.integers(1 << 30)))
        focus_m = float(np.linalg.norm(towards)) - 0.08 * people[0].landmarks.scale
        picture = finish(rng, seen, camera, lights.exposure, focus_m)
        if rng.random() < BLURRED_FACE_PROBABILITY:
            for person in people:
                x, y, depth = camera.seen(person.landmarks.head)
                radius_px = 0.1 * person.landmarks.scale * camera.focal_px / max(depth, 0.2)
                if depth > 0 and radius_px > 4:
                    picture = with_blurred_face(picture, x, y, radius_px)
        return picture

    def _people(self, rng: Rng, framing: str) -> list[Person]:
        def photo() -> Array | None:
            return self._photo(rng) if rng.random() < 0.3 else None

        people: list[Person] = []
        count = 1 + int(rng.choice(len(PEOPLE_PROBABILITIES), p=PEOPLE_PROBABILITIES))
        whole = framing in ("half", "knees", "full")
        side = float(rng.choice([-1, 1]))
        for number in range(count):
            hairs = HAIRS[framing] // (1 + (number > 0))
            person = draw_person(self._parts, rng, photo, hairs=hairs, whole=whole)
            if number:
                away = side * (-1) ** number * rng.uniform(0.38, 0.6)
                down = people[0].landmarks.floor_m - person.landmarks.floor_m
                person = person.moved(np.array([away, rng.uniform(-0.1, 0.4), down]))
            people.append(person)
        return people

    def _photo(self, rng: Rng) -> Array:
        path = self._photos[int(rng.integers(len(self._photos)))]
        if path not in self._read:
            self._read[path] = read_texture(path)
        return self._read[path]

    def _sky(self, rng: Rng) -> Array:
        photo = self._photo(rng)[..., :3]
        return linear_from_srgb(cv2.resize(photo, (16, 8), interpolation=cv2.INTER_AREA) / 255)
