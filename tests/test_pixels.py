"""Depths, cutouts and composites."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from factories import picture

from matteplug.errors import RequestError
from matteplug.images import pixels
from matteplug.types import Size

DEPTHS = [np.uint8, np.uint16, np.float32]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_value_survives_the_way_to_float_and_back(dtype: Any) -> None:
    values = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    there = pixels.to_float(values)
    assert there.dtype == np.float32
    assert (there[0], there[-1]) == (0, 1)
    np.testing.assert_array_equal(pixels.from_float(there, dtype), values)


def test_from_float_rounds_to_the_nearest_step_and_clips() -> None:
    values = np.array([-0.2, 0.49 / 255, 0.51 / 255, 254.4 / 255, 254.6 / 255, 7], np.float32)
    assert pixels.from_float(values, np.uint8).tolist() == [0, 0, 1, 254, 255, 255]
    assert pixels.from_float(values, np.float32)[[0, -1]].tolist() == [0, 1]


def test_from_float_leaves_its_input_alone() -> None:
    values = np.array([0.25, 2], np.float32)
    pixels.from_float(values, np.uint8)
    assert values.tolist() == [0.25, 2]


def test_other_dtypes_are_a_mistake() -> None:
    with pytest.raises(TypeError, match="int32"):
        pixels.full_scale(np.int32)


@pytest.mark.parametrize("dtype", DEPTHS)
def test_a_cutout_keeps_the_colours_bit_for_bit(dtype: Any) -> None:
    foreground = picture(dtype, (9, 7, 3))
    alpha = np.linspace(0, 1, 63, dtype=np.float32).reshape(9, 7)
    result = pixels.cutout(foreground, alpha)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result[..., :3], foreground)
    np.testing.assert_allclose(
        pixels.to_float(result[..., 3]), alpha, atol=0.5001 / pixels.full_scale(dtype)
    )


@pytest.mark.parametrize("dtype", DEPTHS)
def test_a_composite_changes_nothing_where_alpha_is_one_or_zero(dtype: Any) -> None:
    foreground, backdrop = picture(dtype, (9, 7, 3)), picture(dtype, (9, 7, 3))[::-1]
    alpha = np.full((9, 7), 0.3, np.float32)
    alpha[:3], alpha[-3:] = 1, 0
    result = pixels.composite(foreground, alpha, backdrop)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result[:3], foreground[:3])
    np.testing.assert_array_equal(result[-3:], backdrop[-3:])


@pytest.mark.parametrize("dtype", DEPTHS)
def test_a_composite_is_the_rounded_blend(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "_STRIP_PIXELS", 14)  # several strips
    foreground, backdrop = picture(dtype, (9, 7, 3)), picture(dtype, (9, 7, 3))[:, ::-1]
    alpha = np.random.default_rng(2).random((9, 7), np.float32)
    exact = foreground.astype(float) * alpha[..., None] + backdrop * (
        1 - alpha[..., None].astype(float)
    )
    result = pixels.composite(foreground, alpha, backdrop)
    step = 1e-6 if dtype == np.float32 else 0.501
    assert np.abs(result - exact).max() <= step


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.uint8, (51, 0, 255)), (np.uint16, (13107, 0, 65535)), (np.float32, (0.2, 0, 1))],
)
def test_a_composite_over_a_colour(dtype: Any, expected: tuple[float, ...]) -> None:
    foreground = picture(dtype, (9, 7, 3))
    result = pixels.composite(foreground, np.zeros((9, 7), np.float32), (51, 0, 255))
    assert result.dtype == dtype
    assert (result == np.array(expected, dtype)).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_transparent_backdrop_stays_transparent_behind_the_foreground(dtype: Any) -> None:
    foreground, alpha = picture(dtype, (9, 7, 3)), np.zeros((9, 7), np.float32)
    alpha[0], alpha[1] = 1, 0.5
    full = pixels.full_scale(dtype)
    backdrop = np.zeros((9, 7, 4), dtype)
    backdrop[..., 0], backdrop[..., 3] = full, pixels.from_float(np.full(1, 0.5, np.float32), dtype)
    result = pixels.composite(foreground, alpha, backdrop)
    assert (result.dtype, result.shape) == (dtype, (9, 7, 4))
    np.testing.assert_array_equal(result[0, :, :3], foreground[0])
    assert (result[0, :, 3] == full).all()
    assert np.abs(result[1, :, 3] / full - 0.75).max() < 0.01
    expected = foreground[1] / full * (2 / 3) + np.array([1, 0, 0]) / 3
    assert np.abs(result[1, :, :3] / full - expected).max() < 0.01
    np.testing.assert_array_equal(result[2:], backdrop[2:])
    over_colour = pixels.composite(foreground, alpha, (255, 0, 0, 128))  # type: ignore[arg-type]
    assert np.abs(over_colour / full - result / full).max() < 0.01


@pytest.mark.parametrize(
    ("backdrop", "code"),
    [
        (np.zeros((9, 8, 3), np.uint8), "backdrop-size"),
        (np.zeros((9, 7, 3), np.uint16), "backdrop-depth"),
        (np.zeros((9, 7, 5), np.uint8), "backdrop-colour"),
        ((0, 0, 256), "backdrop-colour"),
        ((0, 0, -1), "backdrop-colour"),
        ((0.5, 0.5, 0.5), "backdrop-colour"),
        ((0, 0), "backdrop-colour"),
    ],
)
def test_a_backdrop_that_does_not_fit_is_refused(backdrop: Any, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        pixels.composite(picture(np.uint8, (9, 7, 3)), np.ones((9, 7), np.float32), backdrop)
    assert caught.value.code == code
    assert caught.value.hint


def test_an_alpha_of_another_size_is_refused() -> None:
    with pytest.raises(RequestError, match="7×8 pixels but the picture is 7×9"):
        pixels.cutout(picture(np.uint8, (9, 7, 3)), np.ones((8, 7), np.float32))


@pytest.mark.parametrize("dtype", DEPTHS)
def test_the_checkerboard_alternates(dtype: Any) -> None:
    board = pixels.checkerboard(Size(40, 20), dtype, square_px=10)
    assert board.shape == (20, 40, 3)
    assert board.dtype == dtype
    assert board[0, 0, 0] == board[10, 10, 0] == board[0, 20, 0]
    assert board[0, 0, 0] > board[0, 10, 0] == board[10, 0, 0]
