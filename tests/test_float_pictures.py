"""Float TIFF and OpenEXR: read as floats, in sRGB's curve, and kept to the result."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batch.conftest import batch, engine, folder  # noqa: F401  # fixtures
from batch.trees import trimap_of

from matteplug.errors import RequestError
from matteplug.images import files, formats
from matteplug.images.policy import Policy
from matteplug.images.srgb import linear_from_srgb, srgb_from_linear

OpenEXR: Any = pytest.importorskip("OpenEXR")
LIGHT = np.random.default_rng(0).random((30, 40, 4)).astype(np.float32)


def written(path: Path, channels: dict[str, Any], **header: Any) -> Path:
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage} | header
    with OpenEXR.File(header, channels) as file:
        file.write(str(path))
    return path


@pytest.mark.parametrize("suffix", [".tif", ".exr"])
@pytest.mark.parametrize("channels", [3, 4])
def test_what_is_written_comes_back_in_floats(tmp_path: Path, suffix: str, channels: int) -> None:
    values = np.maximum(LIGHT[..., :channels], 0.1)
    path = tmp_path / f"a{suffix}"
    files.write(path, values)
    picture = files.read(path)
    assert picture.image.dtype == np.float32
    np.testing.assert_allclose(picture.image, values[..., :3], atol=1e-6)
    assert (picture.alpha is None) == (channels == 3)
    if picture.alpha is not None:
        np.testing.assert_array_equal(picture.alpha, values[..., 3])
    assert picture.notes == ()
    assert files.size(path) == (40, 30)


@pytest.mark.parametrize("suffix", [".tif", ".exr"])
def test_a_mask_s_numbers_stay_as_they_are(tmp_path: Path, suffix: str) -> None:
    files.write(tmp_path / f"a{suffix}", LIGHT[..., 0])
    np.testing.assert_array_equal(files.read_mask(tmp_path / f"a{suffix}"), LIGHT[..., 0])


def test_linear_light_gets_the_curve_of_srgb(tmp_path: Path) -> None:
    half = LIGHT[..., :3].astype(np.float16)
    picture = files.read(written(tmp_path / "a.exr", {"RGB": half}))
    np.testing.assert_allclose(picture.image, srgb_from_linear(half.astype(np.float32)), atol=1e-6)
    gray = files.read(written(tmp_path / "y.exr", {"Y": np.ascontiguousarray(LIGHT[..., 0])}))
    np.testing.assert_allclose(gray.image[..., 1], srgb_from_linear(LIGHT[..., 0]), atol=1e-6)


def test_light_beyond_1_is_clipped_with_a_note(tmp_path: Path) -> None:
    bright = LIGHT[..., :3].copy()
    bright[:3] *= 50
    bright[3, 0] = (np.nan, np.inf, -1)
    picture = files.read(written(tmp_path / "a.exr", {"RGB": bright}))
    assert np.isfinite(picture.image).all()
    assert picture.image.min() == 0
    assert picture.image.max() == pytest.approx(1)
    assert "was clipped" in picture.notes[0]


def test_other_primaries_are_converted(tmp_path: Path) -> None:
    """ACES AP1: its white is BT.709's up to the white points, its green lies outside."""
    ap1 = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.3127, 0.329)
    colours = np.full((4, 6, 3), 0.5, np.float32)
    colours[0] = (0.05, 0.6, 0.05)
    picture = files.read(written(tmp_path / "a.exr", {"RGB": colours}, chromaticities=ap1))
    linear = linear_from_srgb(picture.image)
    np.testing.assert_allclose(linear[1:], 0.5, atol=2e-3)
    assert linear[0, 0, 1] > 0.6
    assert linear[0, 0, 0] == 0


def test_the_display_window_is_what_is_shown(tmp_path: Path) -> None:
    """The data reach beyond it to the left, and end before it on the right."""
    window = {
        "dataWindow": (np.array([-10, 0], np.int32), np.array([29, 29], np.int32)),
        "displayWindow": (np.array([0, 0], np.int32), np.array([49, 29], np.int32)),
    }
    path = written(tmp_path / "a.exr", {"RGB": np.ascontiguousarray(LIGHT[..., :3])}, **window)
    picture = files.read(path)
    assert files.size(path) == (50, 30)
    np.testing.assert_allclose(
        picture.image[:, :30], srgb_from_linear(LIGHT[:, 10:, :3]), atol=1e-6
    )
    assert picture.alpha is not None
    assert (picture.alpha[:, :30] == 1).all()
    assert (picture.alpha[:, 30:] == 0).all()


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        ({"Z": LIGHT[..., 0]}, "the channels Z"),
        ({"Y": (LIGHT[..., 0] * 9).astype(np.uint32)}, "whole numbers"),
    ],
)
def test_other_kinds_are_told(tmp_path: Path, channels: dict[str, Any], words: str) -> None:
    channels = {name: np.ascontiguousarray(values) for name, values in channels.items()}
    with pytest.raises(RequestError, match=words) as refused:
        files.read(written(tmp_path / "a.exr", channels))
    assert refused.value.code == "file-depth"


def test_damage_and_size_are_told(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.exr", {"RGB": np.ascontiguousarray(LIGHT[..., :3])})
    (tmp_path / "b.exr").write_bytes(whole.read_bytes()[:-200])
    (tmp_path / "c.exr").write_bytes(whole.read_bytes()[:100])
    for name in ("b.exr", "c.exr"):
        with pytest.raises(RequestError) as refused:
            files.read(tmp_path / name)
        assert refused.value.code == "file-damaged"
    policy = Policy(megapixels=0.001, side_px=1e9, memory_mib=1e9, seconds=9)
    with pytest.raises(RequestError) as refused:
        files.read(whole, policy=policy)
    assert refused.value.code == "image-too-large"


def test_without_the_extra_there_is_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert formats.readable()[".exr"] == "EXR"
    formats.readable.cache_clear()
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    try:
        assert ".exr" not in formats.readable()
        assert "matteplug[formats]" in formats.advice(".exr")
    finally:
        formats.readable.cache_clear()


@pytest.mark.parametrize("suffix", ["tif", "exr"])
def test_floats_go_from_the_picture_to_the_result(
    batch: Any,  # noqa: F811
    folder: Path,  # noqa: F811
    suffix: str,
) -> None:
    values = np.ascontiguousarray(LIGHT[..., :3])
    files.write(folder / f"a.{suffix}", values)
    trimap_of(folder / "a.png")
    assert batch(folder, "--format", suffix, "--no-clean-colours") == 0
    result = files.read(folder.with_name("photos-matte") / f"a.{suffix}")
    assert result.image.dtype == np.float32
    assert result.alpha is not None
    sure = result.alpha == 1
    assert sure.sum() > 50
    np.testing.assert_allclose(result.image[sure], values[sure], atol=1e-6)
