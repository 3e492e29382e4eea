"""Trimaps from masks and selections: conventions, bands, repairs, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.guides import trimap
from matteplug.types import BACKGROUND, FOREGROUND, UNKNOWN, Size


def levels(height: int = 60, width: int = 80) -> NDArray[np.uint8]:
    """A square trimap: black, a gray frame, white inside."""
    result = np.zeros((height, width), np.uint8)
    result[10:50, 20:60] = UNKNOWN
    result[20:40, 30:50] = FOREGROUND
    return result


def disc(radius: int, side: int) -> NDArray[np.bool_]:
    y, x = np.mgrid[:side, :side] - side // 2
    return np.asarray(x * x + y * y <= radius * radius)


def widths(result: NDArray[np.uint8]) -> tuple[int, int]:
    """The unknown band's pixels outside and inside, along the middle row from the left."""
    row = result[result.shape[0] // 2]
    start, end = np.flatnonzero(row == UNKNOWN)[0], np.flatnonzero(row == FOREGROUND)[0]
    return int(start), int(end)


@pytest.mark.parametrize(
    "convert",
    [
        lambda t: t,
        lambda t: np.digitize(t, [1, 200]).astype(np.uint8),  # 0, 1, 2
        lambda t: np.digitize(t, [1, 200]).astype(np.int64),
        lambda t: np.digitize(t, [1, 200]).astype(np.float64),
        lambda t: (t / 255).astype(np.float32),
        lambda t: t.astype(np.float64),
        lambda t: t.astype(np.uint16) * 257,
        lambda t: t.astype(np.uint16),
        lambda t: np.where(t == 128, 127, t).astype(np.uint8),
        lambda t: np.where(t == 128, 200, t).astype(np.uint8),
    ],
    ids=["bytes", "012", "ints", "floats", "unit", "float255", "16bit", "8in16", "127", "200"],
)
def test_every_convention_is_read_as_the_same_trimap(convert: Any) -> None:
    result, _ = trimap.from_mask(convert(levels()))
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, levels())


def test_noise_as_jpeg_makes_it_changes_little_and_only_to_unknown() -> None:
    _, coded = cv2.imencode(".jpg", levels(), [cv2.IMWRITE_JPEG_QUALITY, 75])
    noisy = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE))
    assert len(np.unique(noisy)) > 10
    result, _ = trimap.from_mask(noisy)
    changed = result != levels()
    assert changed.mean() < 0.03
    assert (result[changed] == UNKNOWN).all()


def test_stray_values_become_unknown_with_a_note() -> None:
    mask = levels()
    mask[0, :5] = [40, 60, 80, 200, 220]
    result, notes = trimap.from_mask(mask)
    assert (result[0, :5] == UNKNOWN).all()
    assert "5 pixels of other values became unknown." in notes


def test_an_unusual_gray_is_named_in_a_note() -> None:
    _, notes = trimap.from_mask(np.where(levels() == 128, 200, levels()))
    assert notes == ("The gray 200 of 255 was read as unknown.",)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
def test_a_mask_without_gray_gets_a_band_and_a_note(dtype: Any) -> None:
    result, notes = trimap.from_mask(disc(80, 300).astype(dtype))
    assert set(np.unique(result)) == {BACKGROUND, UNKNOWN, FOREGROUND}
    assert "no unknown part" in notes[0]


@pytest.mark.parametrize("band_px", [3, 30])
def test_the_band_of_a_mask_without_gray_is_a_selection_s(band_px: int) -> None:
    mask = disc(80, 300)
    expected = trimap.from_selection(mask, band_px).trimap
    np.testing.assert_array_equal(trimap.from_mask(mask, band_px).trimap, expected)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 9)
    expected = trimap.from_selection(soft, band_px).trimap
    np.testing.assert_array_equal(trimap.from_mask(soft, band_px).trimap, expected)


def test_a_soft_mask_keeps_its_partial_part_unknown() -> None:
    soft = cv2.GaussianBlur(disc(80, 300).astype(np.float32), (0, 0), 9)
    result, notes = trimap.from_mask(soft)
    partial = (soft > 0.02) & (soft < 0.98)
    assert (result[partial] == UNKNOWN).all()
    assert (result == UNKNOWN).sum() > partial.sum()
    assert (result == FOREGROUND).any()
    assert (result[soft < 1e-6] != FOREGROUND).all()
    assert any("soft selection" in note for note in notes)


@pytest.mark.parametrize(
    ("mask", "code"),
    [
        (np.zeros((9, 9), np.uint8), "trimap-all-background"),
        (np.full((9, 9), 255, np.uint8), "trimap-all-foreground"),
        (np.full((9, 9), 128, np.uint8), "trimap-all-unknown"),
        (np.zeros((9, 9, 3), np.uint8), "mask-form"),
        (np.zeros((0, 9), np.uint8), "mask-form"),
        (np.full((9, 9), np.nan), "mask-values"),
        (np.full((9, 9), -1.0), "mask-values"),
        (np.full((9, 9), 1e6), "mask-values"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_hint(mask: NDArray[Any], code: str) -> None:
    with pytest.raises(RequestError) as caught:
        trimap.from_mask(mask)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize("value", [BACKGROUND, FOREGROUND])
def test_a_trimap_of_one_known_value_is_refused(value: int) -> None:
    with pytest.raises(RequestError, match="nothing to compute"):
        trimap.repair(np.full((5, 5), value, np.uint8))


def test_missing_foreground_is_taken_from_the_innermost_part() -> None:
    mask = np.where(levels() == FOREGROUND, UNKNOWN, levels())
    result, notes = trimap.from_mask(mask)
    y, x = np.nonzero(result == FOREGROUND)
    assert y.size
    assert 20 <= y.min() <= y.max() < 40
    assert 30 <= x.min() <= x.max() < 50
    assert "no known foreground" in notes[0]
    assert (mask != FOREGROUND).all(), "the caller's array stays as it was"


def test_missing_background_is_nothing_to_mend() -> None:
    mask = np.where(levels() == BACKGROUND, UNKNOWN, levels())
    result, notes = trimap.from_mask(mask)
    np.testing.assert_array_equal(result, mask)
    assert notes == ()


def test_the_band_grows_with_the_object_and_stays_bounded() -> None:
    found = []
    for radius, side in [(10, 60), (40, 200), (160, 800), (640, 1600)]:
        result, _ = trimap.from_selection(disc(radius, side))
        start, end = widths(result)
        found.append(end - start)
        assert (result[disc(radius // 4, side)] == FOREGROUND).all()
    assert found == sorted(found)
    assert found[0] <= 10
    assert found[-1] <= 2 * 0.025 * 1600 + 2


def test_a_thin_object_gets_a_narrower_band_than_a_thick_one_beside_it() -> None:
    selection = np.zeros((600, 600), bool)
    selection[100:500, 50:350] = True
    selection[100:500, 500:506] = True
    result, _ = trimap.from_selection(selection)
    thick = np.flatnonzero(result[300, :50] == UNKNOWN).size
    thin = np.flatnonzero(result[300, 506:] == UNKNOWN).size
    assert thick >= 3 * thin >= 3
    assert (result[150:450, 500:506] == FOREGROUND).any(), "its core stays known"


@pytest.mark.parametrize("band_px", [1, 5, 20])
def test_the_band_can_be_given(band_px: int) -> None:
    selection = disc(60, 200)
    start, end = widths(trimap.from_selection(selection, band_px).trimap)
    edge = np.flatnonzero(selection[100])[0]
    assert abs((edge - start) - band_px) <= 1
    assert abs((end - edge) - band_px) <= 1


def test_an_antialiased_selection_is_a_hard_one() -> None:
    hard = np.zeros((400, 400), np.uint8)
    smooth = hard.copy()
    cv2.circle(hard, (200, 200), 100, 255, -1)
    cv2.circle(smooth, (200, 200), 100, 255, -1, cv2.LINE_AA)
    assert len(np.unique(smooth)) > 2
    expected, found = (trimap.from_selection(s).trimap for s in (hard, smooth))
    assert (expected != found).mean() < 0.01


def test_a_selection_with_a_soft_and_a_hard_side() -> None:
    ramp = np.clip((np.arange(200) - 60) / 60, 0, 1)
    selection = np.tile(np.where(np.arange(200) < 160, ramp, 0), (100, 1)).astype(np.float32)
    result, _ = trimap.from_selection(selection)
    row = result[50]
    assert (row[58:122] == UNKNOWN).all()
    assert (row[158:162] == UNKNOWN).all()
    assert (row[135:150] == FOREGROUND).all()
    assert (row[175:] == BACKGROUND).all()


@pytest.mark.parametrize(
    ("selection", "band_px", "code"),
    [
        (np.zeros((5, 5), bool), None, "selection-empty"),
        (np.ones((5, 5), bool), None, "selection-all"),
        (np.ones((1, 1), bool), None, "selection-all"),
        (np.eye(5, dtype=bool), 0, "band-width"),
        (np.eye(5, dtype=bool), 50, "trimap-all-unknown"),
    ],
)
def test_a_selection_without_an_edge_is_refused(
    selection: NDArray[np.bool_], band_px: int | None, code: str
) -> None:
    with pytest.raises(RequestError) as caught:
        trimap.from_selection(selection, band_px)
    assert caught.value.code == code


@pytest.mark.parametrize(("width", "height"), [(7, 5), (20000, 10), (3, 3)])
def test_odd_sizes(width: int, height: int) -> None:
    selection = np.zeros((height, width), bool)
    selection[: height // 2 + 1, : width // 2] = True
    result, _ = trimap.from_selection(selection)
    trimap.check(result, Size(width, height))
    assert (result == UNKNOWN).any()


def test_check_takes_a_trimap_and_names_what_is_wrong() -> None:
    trimap.check(levels(), Size(80, 60))
    wrong: list[tuple[NDArray[Any], str]] = [
        (levels()[1:], "trimap-size"),
        (levels().astype(np.float32), "trimap-form"),
        (levels() // 2, "trimap-values"),
    ]
    for array, code in wrong:
        with pytest.raises(RequestError) as caught:
            trimap.check(array, Size(80, 60))
        assert caught.value.code == code
    with pytest.raises(RequestError, match="rotated"):
        trimap.check(levels().T, Size(80, 60))


@pytest.mark.parametrize("kind", ["trimap1", "trimap2"])
def test_the_fields_own_trimaps_are_read_as_they_are(shared: Path, kind: str) -> None:
    paths = sorted((shared / "eval" / "alphamatting" / kind).glob("*.png"))
    assert paths
    for path in paths:
        mask = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
        result, notes = trimap.from_mask(mask)
        np.testing.assert_array_equal(result, mask)
        assert notes == ()
