"""Levels come from the histogram: floors, narrow ranges and gray trimaps, at any depth."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.guides import masks, trimap
from matteplug.types import BACKGROUND, FOREGROUND, UNKNOWN

Array = NDArray[Any]


def disc(blur_px: float = 0) -> Array:
    """A soft or hard disc, (150, 200) float64 [0, 1]."""
    y, x = np.mgrid[:150, :200]
    inside = ((x - 100) ** 2 + (y - 75) ** 2 < 40**2).astype(np.float64)
    blurred: Array = cv2.GaussianBlur(inside, (0, 0), blur_px) if blur_px else inside
    return blurred


def gray_trimap(*levels: int) -> Array:
    """A trimap in three levels, uint8."""
    soft = disc(4)
    trimap: Array = np.asarray(levels, np.uint8)[(soft > 0.02).astype(int) + (soft > 0.98)]
    return trimap


def jpeg(mask: Array) -> Array:
    _, coded = cv2.imencode(".jpg", mask, [cv2.IMWRITE_JPEG_QUALITY, 75])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE))


DEPTHS = {
    "8 bits": lambda mask: np.rint(mask * 255).astype(np.uint8),
    "16 bits": lambda mask: np.rint(mask * 65535).astype(np.uint16),
    "float": lambda mask: mask.astype(np.float32),
    "float 255": lambda mask: mask * 255,
}


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("blur_px", [0, 1, 4])
@pytest.mark.parametrize(("black", "white"), [(4, 255), (0, 251), (16, 235), (30, 225)])
def test_a_selection_with_a_floor_or_a_ceiling_is_the_selection_without(
    depth: str, blur_px: float, black: int, white: int
) -> None:
    shape = disc(blur_px)
    expected = trimap.from_selection(DEPTHS[depth](shape))
    narrow = DEPTHS[depth]((black + shape * (white - black)) / 255)
    result, notes = trimap.from_selection(narrow)
    assert (result == expected.trimap).mean() > 0.98  # 8 bits round
    assert set(np.unique(result)) == {BACKGROUND, UNKNOWN, FOREGROUND}
    assert f"levels {black} and {white} of 255" in notes[0]


@pytest.mark.parametrize(
    "levels", [(30, 126, 225), (16, 126, 235), (64, 128, 192), (0, 100, 200), (85, 170, 255)]
)
@pytest.mark.parametrize("depth", DEPTHS)
def test_a_trimap_of_three_clean_grays(depth: str, levels: tuple[int, ...]) -> None:
    mask = DEPTHS[depth](gray_trimap(*levels) / 255)
    result, notes = trimap.from_mask(mask)
    np.testing.assert_array_equal(result, gray_trimap(0, 128, 255))
    assert f"levels {levels[0]} and {levels[2]} of 255" in notes[0]


def resized(mask: Array) -> Array:
    small = cv2.resize(mask, None, fx=0.5, fy=0.5)
    return np.asarray(cv2.resize(small, (200, 150), interpolation=cv2.INTER_CUBIC))


@pytest.mark.parametrize("levels", [(30, 126, 225), (64, 128, 192)])
@pytest.mark.parametrize("change", [jpeg, resized])
def test_gray_trimaps_survive_what_black_and_white_ones_do(
    change: Any, levels: tuple[int, ...]
) -> None:
    expected = trimap.from_mask(change(gray_trimap(0, 128, 255))).trimap
    result = trimap.from_mask(change(gray_trimap(*levels))).trimap
    assert (result != expected).mean() < 0.01


def test_levels_that_tell_nothing_are_named() -> None:
    with pytest.raises(RequestError, match="100, 128, 156") as caught:
        trimap.from_mask(gray_trimap(100, 128, 156))
    assert caught.value.code == "trimap-levels"
    assert caught.value.hint


@pytest.mark.parametrize(
    "mask",
    [
        np.tile(np.linspace(0, 1, 256), (40, 1)),  # a ramp has no level
        np.tile(np.linspace(0.05, 0.95, 256), (40, 1)),
        0.6 * disc(4),  # a selection of 60 per cent
        np.where(disc(), 0.5, 0),  # background and unknown
        np.maximum(disc(4), np.tile(np.linspace(0, 0.1, 200), (150, 1))),  # thin smoke
    ],
    ids=["ramp", "narrow ramp", "faint", "half", "smoke"],
)
def test_soft_masks_are_never_stretched(mask: Array) -> None:
    result, notes = masks.unit(mask)
    np.testing.assert_allclose(result, mask, atol=1e-6)
    assert notes == ()


@pytest.mark.parametrize("scale", [1, 255, 65535])
def test_what_resizing_adds_beyond_the_range_is_clipped(scale: int) -> None:
    small = cv2.resize(disc(), (50, 38), interpolation=cv2.INTER_AREA)
    for method in (cv2.INTER_CUBIC, cv2.INTER_LANCZOS4):
        large = np.asarray(cv2.resize(small, (200, 150), interpolation=method))
        assert large.max() > 1.01
        assert large.min() < -0.01
        result, notes = masks.unit(large * scale)
        np.testing.assert_allclose(result, np.clip(large, 0, 1), atol=1e-6)
        assert "were clipped" in notes[0]


@pytest.mark.parametrize("high", [1.5, 3.0, 4, 400.0, 4095])
def test_a_range_that_leaves_the_scale_in_doubt_is_refused(high: float) -> None:
    with pytest.raises(RequestError, match="scale is not clear") as caught:
        masks.unit(np.array([[0, high]]))
    assert caught.value.code == "mask-values"
