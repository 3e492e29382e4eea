"""What is written is what was there, over modes, depths, profiles and formats."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenEXR
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image, ImageCms

from matteplug.images import files, pixels, profiles
from matteplug.images.encoding import Encoding, encode
from matteplug.images.layered import Layer, encode_layers
from matteplug.images.srgb import linear_from_srgb

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ADOBE = profiles.from_adobe_rgb().icc
QUICK = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def pictures(*dtypes: type[np.generic], channels: tuple[int, ...] = (1, 3, 4)) -> Any:
    """Return small pictures of any values; one channel is (H, W)."""
    sides = some.tuples(some.integers(1, 9), some.integers(1, 9), some.sampled_from(channels))
    made = some.tuples(sides, some.sampled_from(dtypes)).flatmap(
        lambda drawn: arrays.arrays(drawn[1], drawn[0], elements=_elements(drawn[1]))
    )
    return made.map(lambda array: array[..., 0] if array.shape[2] == 1 else array)


def _elements(dtype: type[np.generic]) -> Any:
    if dtype == np.float32:
        return some.floats(0, 1, width=32)
    return some.integers(0, int(np.iinfo(dtype).max))  # type: ignore[type-var]


def straight(path: Path) -> NDArray[Any]:
    found = files.read(path)
    if found.alpha is None:
        return found.image
    return pixels.cutout(found.image, found.alpha)


@QUICK
@given(
    array=pictures(np.uint8, np.uint16, channels=(3, 4)),
    icc=some.sampled_from([None, SRGB, ADOBE]),
    suffix=some.sampled_from([".png", ".tif", ".webp"]),
)
def test_every_pixel_of_a_lossless_format_comes_back(
    tmp_path: Path, array: NDArray[Any], icc: bytes | None, suffix: str
) -> None:
    if suffix == ".webp":
        array = array.astype(np.uint8)
    path = tmp_path / f"a{suffix}"
    files.write(path, array, icc=icc)
    found = files.read(path)
    np.testing.assert_array_equal(found.image, array[..., :3])
    if array.shape[2] == 4:
        alpha = np.ones(array.shape[:2]) if found.alpha is None else found.alpha
        full = np.iinfo(array.dtype).max
        np.testing.assert_array_equal(np.rint(alpha * full), array[..., 3])
    assert found.icc == icc


@QUICK
@given(array=pictures(np.float32))
def test_a_tiff_keeps_floats(tmp_path: Path, array: NDArray[Any]) -> None:
    files.write(tmp_path / "a.tif", array)
    if array.ndim == 2:
        with Image.open(tmp_path / "a.tif") as image:
            np.testing.assert_array_equal(np.asarray(image), array)
        return
    stored = cv2.imread(str(tmp_path / "a.tif"), cv2.IMREAD_UNCHANGED)
    assert stored is not None
    assert stored.dtype == np.float32
    np.testing.assert_array_equal(stored[..., 2::-1], array[..., :3])
    found = files.read(tmp_path / "a.tif")
    assert np.abs(pixels.to_float(found.image) - array[..., :3]).max() < 1e-5


@QUICK
@given(array=pictures(np.uint8, np.uint16, channels=(4,)))
def test_an_associated_tiff_is_read_as_what_it_shows(tmp_path: Path, array: NDArray[Any]) -> None:
    files.write(tmp_path / "a.tif", array, how=Encoding(associated=True))
    found = straight(tmp_path / "a.tif").astype(np.float64)
    found = found if found.shape[2] == 4 else np.dstack([found, np.full(found.shape[:2], 1e9)])
    full = float(np.iinfo(array.dtype).max)
    alpha = array[..., 3:] / full
    shown = array[..., :3] * alpha
    assert np.abs(found[..., :3] * alpha - shown).max() <= 1
    np.testing.assert_array_equal(np.minimum(found[..., 3], full), array[..., 3])


@QUICK
@given(array=pictures(np.uint8, channels=(4,)), quality=some.integers(1, 100))
def test_a_lossy_webp_has_the_exact_alpha(array: NDArray[Any], quality: int) -> None:
    data = encode(array, ".webp", how=Encoding(quality=quality))
    with Image.open(io.BytesIO(data)) as image:
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
    np.testing.assert_array_equal(alpha, array[..., 3])


@QUICK
@given(array=pictures(np.uint8, np.uint16, np.float32), icc=some.sampled_from([None, SRGB]))
def test_an_exr_is_linear_and_premultiplied(
    tmp_path: Path, array: NDArray[Any], icc: bytes | None
) -> None:
    files.write(tmp_path / "a.exr", array, icc=icc)
    channels = OpenEXR.File(str(tmp_path / "a.exr"), separate_channels=True).channels()
    names = "Y" if array.ndim == 2 else "RGBA"[: array.shape[2]]
    assert set(channels) == set(names)
    stored = np.dstack([channels[name].pixels for name in names]).astype(np.float64)
    values = pixels.to_float(array).reshape(*array.shape[:2], -1).astype(np.float64)
    if array.ndim == 3:
        values[..., :3] = linear_from_srgb(values[..., :3])
    if values.shape[2] == 4:
        values[..., :3] *= values[..., 3:]
    assert np.abs(stored - values).max() <= 1e-3


def test_an_exr_of_another_colour_space_has_the_same_colours() -> None:
    """Adobe RGB's (0, 255, 0) lies outside of sRGB; its gray is sRGB's, by another curve."""
    array = np.array([[[0, 255, 0], [128, 128, 128]]], np.uint8)
    linear = profiles.linear_light(pixels.to_float(array), ADOBE)
    assert linear[0, 0, 0] < -0.2
    assert np.abs(linear[0, 1] - (128 / 255) ** 2.19921875).max() < 1e-3


def test_a_profile_without_primaries_is_told(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    with pytest.raises(ValueError, match="rTRC"):
        profiles.linear_light(np.zeros((1, 1, 3), np.float32), lab)


def test_an_avif_is_close_and_keeps_its_profile(tmp_path: Path) -> None:
    array = np.full((16, 16, 4), (200, 100, 50, 255), np.uint8)
    array[:, 8:, 3] = 0
    files.write(tmp_path / "a.avif", array, icc=SRGB)
    found = files.read(tmp_path / "a.avif")
    assert found.icc == SRGB
    assert found.alpha is not None
    assert np.abs(found.image[:, :7].astype(int) - array[:, :7, :3]).max() <= 4


def layers(dtype: type[np.unsignedinteger[Any]]) -> list[Layer]:
    full = np.iinfo(dtype).max
    cutout = np.random.default_rng(0).integers(0, full, (30, 40, 4), dtype, endpoint=True)
    original, mask = cutout[..., :3].copy(), cutout[..., 3].copy()
    return [
        Layer("original", original, visible=False),
        Layer("mask", mask, visible=False),
        Layer("cutout", cutout),
    ]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_openraster_has_its_layers(tmp_path: Path, dtype: type[np.unsignedinteger[Any]]) -> None:
    made = layers(dtype)
    data = encode_layers(made, ".ora", SRGB)
    assert data == encode_layers(made, ".ora", SRGB), "resumed batches compare files"
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        first = file.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert file.read("mimetype") == b"image/openraster"
        stack = file.read("stack.xml").decode()
        assert stack.index("cutout") < stack.index("mask") < stack.index("original")
        assert stack.count('visibility="hidden"') == 2
        (tmp_path / "a.png").write_bytes(file.read("data/layer2.png"))
    np.testing.assert_array_equal(straight(tmp_path / "a.png"), made[2].array)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_psd_has_its_layers(dtype: type[np.unsignedinteger[Any]]) -> None:
    from psd_tools import PSDImage

    made = layers(dtype)
    file = PSDImage.open(io.BytesIO(encode_layers(made, ".psd", SRGB)))
    assert [(layer.name, layer.visible) for layer in file] == [
        ("original", False),
        ("mask", False),
        ("cutout", True),
    ]
    stored = np.rint(np.asarray(file[2].numpy()) * np.iinfo(dtype).max)
    np.testing.assert_array_equal(stored, made[2].array)
