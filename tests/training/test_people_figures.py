"""Bodies, hair, headwear, light and cameras of rendered people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.training.people.body.bodies import draw_body
from matteplug.training.people.body.figure import Figure, Surface
from matteplug.training.people.body.parts import Parts
from matteplug.training.people.body.poses import draw_pose
from matteplug.training.people.cameras import FRAMINGS, draw_camera
from matteplug.training.people.hair import fibres, hair
from matteplug.training.people.render.lights import draw_lights
from matteplug.training.people.traits import draw_traits
from matteplug.training.people.wear.clothes import draw_clothes
from matteplug.training.people.wear.headwear import WORN, draw_headwear, draw_scarf
from matteplug.training.people.wear.things import draw_things
from matteplug.training.scenes.noise import Rng

Array = NDArray[Any]


@pytest.fixture
def rng() -> Rng:
    return np.random.default_rng(7)


@pytest.fixture(scope="module")
def figure(people_parts: Path) -> Figure:
    rng = np.random.default_rng(2)
    parts = Parts(people_parts)
    rest = draw_body(parts, rng, draw_traits(rng))
    return Figure.posed(parts, rest, draw_pose(parts, rng, rest, whole=False))


def on_ball(count: int, radius: float) -> Array:
    points = np.random.default_rng(1).normal(size=(count, 3))
    on: Array = points / np.linalg.norm(points, axis=1, keepdims=True) * radius
    return on


def test_people_are_adults(rng: Rng) -> None:
    for _ in range(50):
        traits = draw_traits(rng)
        assert 18 <= traits.age <= 85
        assert sum(traits.ancestry.values()) == pytest.approx(1)


def test_waves_start_at_the_root_and_go_on_smoothly(rng: Rng) -> None:
    paths = fibres.waves(rng, 30, 40, (1, 2))
    assert np.abs(paths[:, 0]).max() == 0
    steps = np.diff(paths, axis=1)
    assert np.abs(np.diff(steps, axis=1)).max() < 0.5 * np.abs(steps).max()


def test_nap_stands_on_its_surface(rng: Rng) -> None:
    ball = on_ball(300, 0.2)
    faces = np.array([[i, (i + 1) % 300, (i + 2) % 300, -1] for i in range(0, 300, 3)])
    paths = fibres.fuzz(rng, ball, faces, ball / 0.2, 200)
    assert paths.shape == (200, 5, 3)
    assert np.linalg.norm(np.diff(paths, axis=1), axis=2).sum(axis=1).max() < 0.06


def test_what_is_pushed_lies_outside_every_layer(rng: Rng) -> None:
    layers = np.concatenate([on_ball(4000, radius) for radius in (0.2, 0.22, 0.24)])
    outward = layers / np.linalg.norm(layers, axis=1, keepdims=True)
    surface = Surface(layers, outward)
    inside = on_ball(50, 0.19)
    assert (np.linalg.norm(surface.push(inside, 0.01), axis=1) > 0.205).all()
    assert (np.linalg.norm(surface.lay(inside, 0.012), axis=1) > 0.245).all()
    far = on_ball(50, 0.5)
    np.testing.assert_array_equal(surface.push(far, 0.01), far)


def test_lights_are_directions_and_have_a_colour(rng: Rng) -> None:
    photo = rng.random((8, 16, 3))
    for facing in np.linspace(-3, 3, 40):
        keys, sky, exposure = draw_lights(rng, photo if facing > 0 else None, facing)
        for lights in (keys, sky):
            np.testing.assert_allclose(np.linalg.norm(lights[:, :3], axis=1), 1)
            assert (lights[:, 3:6] >= 0).all()
        assert sky[:, 3:6].sum() > 0
        assert 0.005 < exposure < 0.5


@pytest.mark.parametrize("framing", FRAMINGS)
def test_every_framing_shows_the_head(framing: str, figure: Figure, rng: Rng) -> None:
    for _ in range(10):
        camera = draw_camera(rng, figure.landmarks(), framing, 256)
        x, y, depth = camera.seen(figure.landmarks().head)
        assert depth > 0
        assert 0 < x < 256
        assert 0 < y < 256


def test_a_body_is_as_tall_as_people_and_stands_upright(figure: Figure) -> None:
    body = figure.vertices[np.unique(figure.parts.group("body"))]
    assert 1.3 < np.ptp(body[:, 2]) < 2.2
    assert 0.8 < figure.scale < 1.2
    left, right = figure.eyes()
    assert 0.04 < np.linalg.norm(left - right) < 0.09
    marks = figure.landmarks()
    assert marks.head[2] > marks.neck[2] > marks.chest[2] > marks.waist[2] > marks.floor_m


@pytest.mark.parametrize("style", hair.STYLES)
def test_hair_grows_from_the_scalp_and_stays_out_of_the_head(
    style: str, figure: Figure, rng: Rng
) -> None:
    body = np.unique(figure.parts.group("body"))
    surface = Surface(figure.vertices[body], figure.normals[body])
    mask = hair.scalp(figure)
    strands = hair.grow(rng, figure, surface, mask, hair.STYLES[style], 400)
    assert strands.shape == (400, hair.POINTS, 3)
    assert np.isfinite(strands).all()
    skull = figure.in_head(strands) - [0, 0.01, 0.03]
    assert (np.linalg.norm(skull, axis=2) < 0.06).mean() < 0.02
    length = np.linalg.norm(np.diff(strands, axis=1), axis=2).sum(axis=1).mean()
    assert 0.3 < length / (hair.STYLES[style].length * figure.scale) < 4


def test_no_hair_without_a_scalp(figure: Figure, rng: Rng) -> None:
    body = np.unique(figure.parts.group("body"))
    surface = Surface(figure.vertices[body], figure.normals[body])
    nowhere = np.zeros(len(figure.vertices))
    assert len(hair.grow(rng, figure, surface, nowhere, hair.STYLES["bob"], 10)) == 0


def test_headwear_surrounds_the_head_and_leaves_hair_below(figure: Figure, rng: Rng) -> None:
    plain = 0
    for _ in range(30):
        worn = draw_headwear(rng, figure)
        plain += not worn.meshes
        if worn.meshes:
            crown = figure.in_head(worn.meshes[0].vertices)
            assert crown[:, 2].max() > 0.1
            assert worn.bare.mean() < 1
            assert np.abs(crown).max() < 0.5
    assert 0 < plain < 30
    assert sum(WORN.values()) == pytest.approx(1)


def test_clothes_scarves_and_things_are_near_the_body(figure: Figure, rng: Rng) -> None:
    traits = draw_traits(rng)
    middle = figure.vertices.mean(axis=0)
    for _ in range(6):
        clothes, hidden = draw_clothes(rng, figure, traits, lambda: None)
        assert hidden.shape == (len(figure.vertices),)
        body = np.unique(figure.parts.group("body"))
        surface = Surface(figure.vertices[body], figure.normals[body])
        scarf, _ = draw_scarf(rng, figure, surface)
        things, _ = draw_things(rng, figure, surface, lambda: None)
        assert clothes
        assert scarf
        for mesh in clothes + scarf + things:
            assert np.isfinite(mesh.vertices).all()
            assert np.linalg.norm(mesh.vertices - middle, axis=1).max() < 1.8
            assert mesh.faces.max() < len(mesh.vertices)
            assert mesh.uv_faces.max() < len(mesh.uv)
