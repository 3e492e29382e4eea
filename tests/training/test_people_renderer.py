"""Coverage, depth, light and finishing of the renderer of people, on made shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.training.people.cameras import Camera, look_at
from matteplug.training.people.materials import PLAIN, Material
from matteplug.training.people.meshes import Mesh, Strands, grid, normals, scatter, subdivided
from matteplug.training.people.render.finishing import (
    BLURS_PX,
    defocused,
    finish,
    with_blurred_face,
)
from matteplug.training.people.render.lights import Lights, draw_lights, lamp
from matteplug.training.people.render.renderer import SAMPLES, Render, render
from matteplug.training.people.render.scene import assemble

Array = NDArray[Any]
RED = Material(kind=PLAIN, colour=(0.8, 0.02, 0.02))
GREEN = Material(kind=PLAIN, colour=(0.02, 0.8, 0.02))
NO_LIGHTS = np.zeros((0, 7))
FRONT = Lights(np.stack([lamp(0, 0, np.ones(3) * 3, 1.0)]), NO_LIGHTS, 0.2)
SIZE = 64


def camera(size_px: int = SIZE) -> Camera:
    return look_at(np.array([0, -4.0, 0]), np.zeros(3), lens_mm=72, size_px=size_px)


def rectangle(*edges: float, y: float = 0, of: Material = RED) -> Mesh:
    left, right, bottom, top = edges
    corners = np.array([[[left, y, top], [right, y, top]], [[left, y, bottom], [right, y, bottom]]])
    return grid(corners, of)


def ball(radius: float, of: Material = RED) -> Mesh:
    up, around = np.mgrid[0 : np.pi : 33j, 0 : 2 * np.pi : 65j]
    unit = [np.sin(up) * np.cos(around), np.sin(up) * np.sin(around), np.cos(up)]
    return grid(np.stack(unit, axis=-1) * radius, of)


def seen(*meshes: Mesh, strands: list[Strands] | None = None, lights: Lights = FRONT) -> Render:
    return render(assemble(meshes, strands or []), camera(), lights, seed=1)


# Two metres are seen at the distance of four: a pixel is 2 / 64 m.
PIXEL = 2 / SIZE


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.37, 0.5, 0.9])
def test_an_edge_covers_its_share_of_a_pixel(shift: float) -> None:
    upright = seen(rectangle(-9, shift * PIXEL, -9, 9, y=0, of=RED)).alpha
    level = seen(rectangle(-9, 9, -9, shift * PIXEL, y=0, of=RED)).alpha[::-1].T
    for alpha in (upright, level):
        assert (alpha[:, : SIZE // 2] == 1).all()
        assert (alpha[:, SIZE // 2 + 1 :] == 0).all()
        np.testing.assert_allclose(alpha[:, SIZE // 2], shift, atol=1 / SAMPLES**2)


def test_a_ball_covers_its_disc() -> None:
    radius = 0.6
    tangent = radius / np.sqrt(16 - radius**2) * 4 / PIXEL  # of the cone that touches it
    assert seen(ball(radius)).alpha.sum() == pytest.approx(np.pi * tangent**2, rel=0.005)


def test_the_nearer_hides_the_farther_whichever_is_drawn_first() -> None:
    near, far = rectangle(-9, 9, -9, 9, y=-1, of=RED), rectangle(-9, 9, -9, 9, y=1, of=GREEN)
    for pair in ((near, far), (far, near)):
        result = seen(*pair)
        assert (result.colour[..., 0] > result.colour[..., 1]).all()
        np.testing.assert_allclose(result.distance_m[SIZE // 2, SIZE // 2], 3, atol=0.01)


def test_depth_is_right_where_surfaces_cross() -> None:
    slanted = grid(np.array([[[-1.0, -1, 1], [1, 1, 1]], [[-1, -1, -1], [1, 1, -1]]]), RED)
    result = seen(slanted, rectangle(-9, 9, -9, 9, y=0, of=GREEN))
    red = result.colour[SIZE // 2, :, 0] > result.colour[SIZE // 2, :, 1]
    assert red[6 : SIZE // 2 - 1].all()
    assert not red[SIZE // 2 + 1 :].any()


def test_strands_cover_what_their_width_says_and_hide_behind_bodies() -> None:
    rng = np.random.default_rng(0)
    roots = np.stack([rng.uniform(-0.9, 0.9, 400), np.zeros(400), np.full(400, 0.9)], axis=1)
    fall = np.linspace(0, 1.8, 5)[:, None] * [0, 0, -1]
    radius = 0.05 * PIXEL
    hair = Strands(roots[:, None] + fall, radius, np.full((400, 3), 0.1), tip=1.0)
    alpha = seen(strands=[hair]).alpha
    area = 400 * 1.8 * 2 * radius / PIXEL**2
    overlapping = 1.8 * 1.8 / PIXEL**2
    expected = overlapping * (1 - np.exp(-area / overlapping))
    assert alpha.sum() == pytest.approx(expected, rel=0.05)
    hidden = seen(rectangle(-9, 9, -9, 9, y=-1, of=GREEN), strands=[hair])
    assert (hidden.colour[..., 1] > hidden.colour[..., 0]).all()


def test_what_is_behind_the_camera_is_not_seen() -> None:
    assert seen(rectangle(-9, 9, -9, 9, y=-5, of=RED)).alpha.max() == 0


def test_a_thing_casts_a_shadow() -> None:
    wall, post = rectangle(-3, 3, -3, 3, y=1, of=GREEN), rectangle(-0.2, 0.2, -3, 3, y=-0.5, of=RED)
    side = Lights(np.stack([lamp(45, 0, np.ones(3) * 3, 1.0)]), NO_LIGHTS, 0.2)
    row = seen(wall, post, lights=side).colour[SIZE // 2, :, 1]
    lit, dark = row[-8:], row[:SIZE][4:26]
    assert dark.min() < 0.1 * lit.mean()


def test_the_same_seed_gives_the_same_picture() -> None:
    lights = draw_lights(np.random.default_rng(3), None, 0.0)
    first, again = seen(ball(0.5), lights=lights), seen(ball(0.5), lights=lights)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_colours_go_on_where_nothing_is_and_alpha_stays() -> None:
    rng = np.random.default_rng(0)
    result = seen(ball(0.5))
    picture = finish(rng, result, camera(), exposure=0.2, focus_m=3.5)
    assert picture.dtype == np.uint8
    assert picture.shape == (SIZE, SIZE, 4)
    corner, middle = picture[0, 0].astype(int), picture[SIZE // 2, SIZE // 2].astype(int)
    assert corner[3] == 0
    assert middle[3] == 255
    assert corner[0] > 3 * corner[1]
    assert picture[..., 3].sum() / 255 == pytest.approx(result.alpha.sum(), rel=0.02)


def test_a_blurred_face_keeps_its_alpha_and_what_is_around_it() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 4)).astype(np.uint8)
    hidden = with_blurred_face(picture, 32.0, 32.0, 12.0)
    np.testing.assert_array_equal(hidden[..., 3], picture[..., 3])
    np.testing.assert_array_equal(hidden[:16], picture[:16])
    face = slice(28, 36)
    assert hidden[face, face, :3].std() < 0.5 * picture[face, face, :3].std()


def test_defocus_keeps_the_inside_opaque_and_the_colour_unmixed() -> None:
    alpha = np.zeros((SIZE, SIZE), np.float32)
    alpha[16:48, 16:48] = 1
    light = np.dstack([alpha * 0.5, alpha * 0.25, alpha * 0, alpha])
    away = np.where(alpha > 0, 2.0, 0).astype(np.float32)
    blurred = defocused(light, away, camera(), 1.0, 1.4)
    assert blurred[32, 32, 3] == pytest.approx(1, abs=1e-4)
    assert blurred[15, 32, 3] > 0.1
    covered = blurred[..., 3] > 0.01
    np.testing.assert_allclose(blurred[covered][:, 0] / blurred[covered][:, 3], 0.5, rtol=1e-3)
    np.testing.assert_allclose(defocused(light, away, camera(), 2.0, 1.4), light, atol=1e-5)
    assert BLURS_PX[0] == 0


def test_a_closed_mesh_has_outward_normals_and_stays_closed_when_subdivided() -> None:
    cube = np.array([[x, y, z] for x in (0, 1.0) for y in (0, 1.0) for z in (0, 1.0)])
    faces = np.array(
        [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    )
    assert ((normals(cube, faces) * (cube - 0.5)).sum(axis=1) > 0.5).all()
    rounder = subdivided(Mesh(cube, faces, cube[:, :2], faces, RED))
    assert len(rounder.faces) == 24
    assert len(np.unique(np.sort(rounder.faces, axis=1), axis=0)) == 24
    np.testing.assert_allclose(np.abs(rounder.vertices[:8] - 0.5), 5 / 18)
    assert ((normals(rounder.vertices, rounder.faces) * (rounder.vertices - 0.5)).sum(1) > 0).all()


def test_points_are_scattered_by_area_and_weight() -> None:
    wide = rectangle(0, 3, 0, 1, y=0, of=RED)
    rng = np.random.default_rng(0)
    corners, weights = scatter(rng, wide.vertices, wide.faces, np.ones(4), 4000)
    points = np.einsum("nk,nkd->nd", weights, wide.vertices[corners])
    np.testing.assert_allclose(points.mean(axis=0), [1.5, 0, 0.5], atol=0.05)
    assert len(scatter(rng, wide.vertices, wide.faces, np.zeros(4), 10)[0]) == 0
