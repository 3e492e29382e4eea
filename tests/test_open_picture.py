"""An open picture: seen while it is made, adjusted, corrected by strokes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matteplug import api
from matteplug.editing import OpenPicture, Stroke
from matteplug.errors import Cancelled, RequestError
from matteplug.testing import FakeEngine
from matteplug.types import (
    BACKGROUND,
    FOREGROUND,
    UNKNOWN,
    Alpha,
    CancelToken,
    MatteOptions,
    MatteRequest,
    Rect,
)

HEIGHT, WIDTH = 300, 400


def request(**fields: Any) -> MatteRequest:
    """Return a picture of noise whose trimap has background, unknown, foreground in thirds."""
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    trimap = np.zeros((HEIGHT, WIDTH), np.uint8)
    trimap[:, WIDTH // 3 :] = UNKNOWN
    trimap[:, 2 * WIDTH // 3 :] = FOREGROUND
    return MatteRequest(**{"image": image, "trimap": trimap, **fields})


def opened(**fields: Any) -> OpenPicture:
    return OpenPicture(request(**fields), engine=FakeEngine())


def dot(what: int, x: float, y: float, radius_px: float = 5) -> Stroke:
    return Stroke(what=what, radius_px=radius_px, points=[(x, y)])


def state(picture: OpenPicture) -> list[Any]:
    matte = picture.matte
    return [array.copy() for array in (picture.trimap, matte.alpha, matte.foreground)]


def test_opening_makes_the_matte_that_the_library_makes() -> None:
    made = api.run(request(), engine=FakeEngine())
    picture = opened(options=MatteOptions(feather_px=3, contrast_percent=20))
    assert (picture.matte.alpha == made.alpha).all()
    assert (picture.part(MatteOptions()).foreground == made.foreground).all()


@pytest.mark.parametrize(
    ("what", "alpha"), [(FOREGROUND, 1), (BACKGROUND, 0), (UNKNOWN, 0.5)], ids=["fg", "bg", "band"]
)
@pytest.mark.parametrize("x", [60, 200, 340], ids=["outside", "band", "inside"])
def test_a_stroke_decides_what_is_under_it_and_changes_nothing_far_away(
    what: int, alpha: float, x: int
) -> None:
    picture = opened()
    before = state(picture)
    changed = picture.stroke(dot(what, x, 150))
    ((_, painted),) = dot(what, x, 150).masks(Rect(0, 0, WIDTH, HEIGHT))
    assert np.ptp(picture.matte.alpha[painted]) <= 1e-6
    assert picture.matte.alpha[150, x] == pytest.approx(alpha)
    assert (picture.trimap[painted] == what).all()
    far = np.ones((HEIGHT, WIDTH), bool)
    far[changed.slices] = False
    for now, then in zip(state(picture), before, strict=True):
        assert (now[far] == then[far]).all()


def test_what_is_known_meets_the_other_side_in_a_ring_that_is_computed() -> None:
    picture = opened()
    picture.stroke(dot(FOREGROUND, 60, 150, 10))
    assert picture.trimap[150, 60 + 12] == UNKNOWN
    assert picture.trimap[150, 60 + 20] == BACKGROUND


def test_what_was_painted_stays_when_a_later_ring_covers_it() -> None:
    picture = opened()
    picture.stroke(dot(BACKGROUND, 200, 150))
    picture.stroke(dot(FOREGROUND, 208, 150, 3))
    assert picture.trimap[150, 203] == BACKGROUND
    assert picture.matte.alpha[150, 203] == 0


def test_undo_takes_strokes_back_one_by_one() -> None:
    picture = opened()
    states = [state(picture)]
    for what, x in ((FOREGROUND, 150), (BACKGROUND, 170), (UNKNOWN, 60)):
        picture.stroke(dot(what, x, 100, 8))
        states.append(state(picture))
    for expected in reversed(states[:-1]):
        assert picture.undo().area
        assert all((a == b).all() for a, b in zip(state(picture), expected, strict=True))
    assert not picture.undo().area


def test_a_cancelled_stroke_changes_nothing() -> None:
    picture = opened()
    before = state(picture)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        picture.stroke(dot(FOREGROUND, 200, 150), cancel=token)
    assert all((a == b).all() for a, b in zip(state(picture), before, strict=True))


def test_only_what_a_stroke_can_reach_is_computed() -> None:
    engine = FakeEngine()
    picture = OpenPicture(request(), engine=engine)
    engine.runs.clear()
    picture.stroke(dot(UNKNOWN, 200, 20))
    seen = [shapes["image"][2] * shapes["image"][3] for _, shapes in engine.runs]
    assert 0 < sum(seen) < HEIGHT * WIDTH / 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"what": 7}, "stroke-form"),
        ({"radius_px": 0.0}, "stroke-form"),
        ({"radius_px": float("nan")}, "stroke-form"),
        ({"points": []}, "stroke-form"),
        ({"points": [(float("inf"), 0.0)]}, "stroke-form"),
        ({"points": [(1.0, 2.0, 3.0)]}, "stroke-form"),
        ({"points": [(-100.0, 10.0)]}, "stroke-outside"),
    ],
)
def test_a_stroke_that_is_none_is_refused(fields: dict[str, Any], code: str) -> None:
    picture = opened()
    whole: dict[str, Any] = {"what": FOREGROUND, "radius_px": 4.0, "points": [(1.0, 1.0)]}
    with pytest.raises(RequestError) as caught:
        picture.stroke(Stroke(**(whole | fields)))
    assert caught.value.code == code


def test_without_a_guide_the_matte_says_what_is_known() -> None:
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[60:240, 100:300] = 255
    image[60:240, 98:100] = 128
    picture = opened(image=image, trimap=None)
    assert picture.trimap[150, 20] == BACKGROUND
    assert picture.trimap[150, 200] == FOREGROUND
    assert picture.matte.alpha[30, 200] == 0
    picture.stroke(dot(FOREGROUND, 200, 50, 8))
    assert picture.matte.alpha[50, 200] == 1


def test_a_large_picture_is_seen_coarse_before_fine() -> None:
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (1500, 1600, 3), np.uint8)
    trimap = np.zeros((1500, 1600), np.uint8)
    trimap[100:1400, 100:1500] = UNKNOWN
    trimap[300:1200, 300:1300] = FOREGROUND
    seen: list[tuple[int, Alpha, Rect]] = []
    picture = OpenPicture(
        MatteRequest(image=image, trimap=trimap),
        engine=FakeEngine(alpha=lambda inputs: inputs["image"][:, :1]),
        view=lambda alpha, rect: seen.append((rect.area // alpha.size, alpha.copy(), rect)),
    )
    scales = [scale for scale, _, _ in seen]
    assert scales[0] > 8
    assert scales == sorted(scales, reverse=True)
    assert scales[-1] == 1
    _, last, rect = seen[-1]
    assert np.abs(last - picture.matte.alpha[rect.slices]).mean() < 0.05


@cache
def struck() -> OpenPicture:
    """Return an open picture with a stroke in it, which no test changes."""
    picture = opened()
    picture.stroke(dot(BACKGROUND, 300, 150, 9))
    return picture


OPTIONS = st.builds(
    MatteOptions,
    smooth_px=st.integers(0, 4),
    feather_px=st.integers(0, 8),
    contrast_percent=st.integers(0, 90),
    shift_edge_percent=st.integers(-90, 90),
    remove_islands_px=st.sampled_from([0, 50]),
    fill_holes_px=st.sampled_from([0, 50]),
    decontaminate_percent=st.sampled_from([0, 40, 100]),
)


@settings(deadline=None)  # the first one opens the picture
@given(OPTIONS, st.integers(0, 300), st.integers(0, 200), st.integers(1, 100), st.integers(1, 90))
def test_a_part_is_what_the_whole_has_there(
    options: MatteOptions, x: int, y: int, width: int, height: int
) -> None:
    picture, rect = struck(), Rect(x, y, width, height)
    part, whole = picture.part(options, rect), picture.part(options)
    assert np.abs(part.alpha - whole.alpha[rect.slices]).max() < 1e-5
    assert (part.foreground == whole.foreground[rect.slices]).all()


def test_a_part_is_scaled_down_and_keeps_the_picture_s_own_alpha() -> None:
    opacity = np.full((HEIGHT, WIDTH), 0.5, np.float32)
    part = opened(opacity=opacity).part(MatteOptions(), Rect(300, 0, 100, 50), 0.25)
    assert part.alpha.shape == (12, 25)
    assert part.foreground.shape == (12, 25, 3)
    assert part.alpha == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("rect", "scale", "code"),
    [
        (Rect(0, 0, WIDTH + 1, 5), 1.0, "part-outside"),
        (Rect(5, 5, 0, 5), 1.0, "part-outside"),
        (None, 0.0, "part-scale"),
        (None, 1.5, "part-scale"),
        (None, float("nan"), "part-scale"),
    ],
)
def test_a_part_that_is_none_is_refused(rect: Rect | None, scale: float, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        opened().part(MatteOptions(), rect, scale)
    assert caught.value.code == code


def test_colours_stay_the_picture_s_own_where_they_are_not_cleaned() -> None:
    picture = opened(options=MatteOptions(clean_colours=False))
    picture.stroke(dot(UNKNOWN, 60, 60))
    part = picture.part(replace(MatteOptions(), clean_colours=False))
    assert (part.foreground == request().image).all()
