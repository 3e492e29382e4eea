"""Pictures and masks as libraries hand them over, what a path keeps, and `Matte.save`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import picture
from numpy.typing import NDArray
from PIL import Image
from raw_pictures import gray_profile

from matteplug import api
from matteplug.errors import RequestError
from matteplug.images import arguments, files
from matteplug.result import Matte
from matteplug.testing import FakeEngine
from matteplug.types import MatteOptions, Metadata

Array = NDArray[Any]
RGB = picture(shape=(20, 30, 3))


def trimap() -> Array:
    result = np.zeros((20, 30), np.uint8)
    result[4:16, 5:25], result[8:12, 10:20] = 128, 255
    return result


def matte(image: Any, **given: Any) -> Matte:
    options: dict[str, Any] = {"trimap": trimap(), "clean_colours": False, "refine": False, **given}
    return api.matte(image, engine=FakeEngine(), **options)


@pytest.mark.parametrize("mode", ["RGB", "P", "CMYK", "YCbCr", "HSV", "RGBA", "LAB"])
def test_pillow_pictures_in_colour(mode: str) -> None:
    smooth = np.kron(picture(shape=(4, 5, 3)), np.ones((5, 6, 1), np.uint8))
    image = Image.fromarray(smooth)
    if mode == "LAB":
        from PIL import ImageCms

        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
        assert converted is not None
    else:
        converted = image.quantize(64) if mode == "P" else image.convert(mode)
    found = arguments.picture(converted)
    assert found.image.dtype == np.uint8
    assert np.abs(found.image.astype(int) - smooth).mean() < 4


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I;16", "I", "F"])
def test_pillow_pictures_in_gray(mode: str) -> None:
    gray = Image.fromarray(RGB).convert("L")
    found = arguments.picture(gray.convert(mode)).image
    scale = 257 if found.dtype == np.uint16 else 1
    expected = np.asarray(gray.convert("1").convert("L") if mode == "1" else gray)
    np.testing.assert_array_equal(found[..., 0], expected.astype(int) * scale)


def test_pillow_pictures_from_16_bit_files_stay(tmp_path: Path) -> None:
    array = picture(np.uint16, (5, 7))
    files.write(tmp_path / "a.png", array)
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(arguments.picture(image).image[..., 0], array)


def test_pillow_pictures_are_turned_as_exif_says_and_keep_what_they_have() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x8298] = 6, "nobody"
    buffer = io.BytesIO()
    Image.fromarray(np.rot90(RGB, 1).copy()).save(buffer, "PNG", exif=exif, dpi=(300, 300))
    found = arguments.picture(Image.open(buffer))
    np.testing.assert_array_equal(found.image, RGB)
    assert found.metadata.copyright == "nobody"
    assert matte(Image.open(buffer)).metadata.copyright == "nobody"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (lambda a: a[..., 0], RGB[..., :1]),
        (lambda a: a[..., :1], RGB[..., :1]),
        (lambda a: a.transpose(2, 0, 1), RGB),
        (lambda a: a[None], RGB),
        (lambda a: a.transpose(2, 0, 1)[None], RGB),
        (lambda a: a[None, ..., 0], RGB[..., :1]),
        (lambda a: a.astype(np.int64), RGB),
        (lambda a: a.tolist(), RGB),
        (lambda a: a[..., ::-1][..., ::-1], RGB),
    ],
    ids=["HW", "HW1", "3HW", "1HW3", "13HW", "1HW", "int64", "list", "strides"],
)
def test_arrays_that_leave_no_doubt_are_taken(form: Any, expected: Array) -> None:
    found = arguments.picture(form(RGB))
    assert found.image.dtype == np.uint8
    np.testing.assert_array_equal(found.image, np.broadcast_to(expected, RGB.shape))
    assert found.alpha is None


def test_alpha_of_arrays_stays() -> None:
    opacity = np.full((20, 30, 1), 255, np.uint8)
    opacity[9:11, 12:18] = 51
    for image in (np.dstack([RGB, opacity]), np.dstack([RGB[..., :1], opacity])):
        result = matte(image)
        assert abs(float(result.alpha[10, 15]) - 0.2) < 1e-6
        assert arguments.TRANSPARENT in result.notes


@pytest.mark.parametrize(
    ("image", "code", "word"),
    [
        (None, "image-type", "None"),
        (b"\x89PNG", "image-type", "bytes"),
        (io.BytesIO(b""), "image-type", "open file"),
        ([[1, 2], [3]], "image-type", "not an array"),
        ("a", "file-missing", "no file"),
        (RGB > 99, "image-dtype", "bool"),
        (RGB.astype(complex), "image-dtype", "complex"),
        (RGB.astype(np.int32) - 9, "image-dtype", "depth"),
        (RGB.astype(np.int32) * 4, "image-dtype", "depth"),
        (np.zeros((4, 5, 6, 7)), "image-shape", "shape"),
        (RGB / 2.0, "image-range", "reach"),
    ],
)
def test_what_is_no_picture_is_refused_by_what_it_is(image: Any, code: str, word: str) -> None:
    with pytest.raises(RequestError, match=word) as caught:
        matte(image)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "form",
    [
        lambda m: m[..., None],
        lambda m: m[None],
        lambda m: m[None, None],
        lambda m: np.repeat(m[..., None], 3, axis=2),
        lambda m: np.dstack([m, m, m, np.full_like(m, 255)]),
        lambda m: m.tolist(),
        Image.fromarray,
        lambda m: Image.fromarray(m).convert("RGB"),
        lambda m: Image.fromarray(m).convert("I"),
        lambda m: Image.fromarray(m).convert("LA"),
    ],
)
def test_masks_in_every_form(form: Any) -> None:
    np.testing.assert_array_equal(arguments.mask(form(trimap())), trimap())


def test_tensors_are_taken() -> None:
    torch = pytest.importorskip("torch")
    image = torch.from_numpy(RGB.transpose(2, 0, 1).astype(np.float32) / 255).requires_grad_()
    np.testing.assert_allclose(arguments.picture(image).image, RGB / 255, atol=1e-6)
    np.testing.assert_array_equal(arguments.mask(torch.from_numpy(trimap())[None]), trimap())


def test_a_mask_in_colour_is_refused() -> None:
    with pytest.raises(RequestError) as caught:
        arguments.mask(RGB)
    assert caught.value.code == "mask-colour"


# What a path keeps.


def test_a_path_loses_nothing_that_a_file_holds(tmp_path: Path) -> None:
    opacity = np.full((20, 30, 1), 65535, np.uint16)
    opacity[9:11, 12:18] = 0
    deep = np.dstack([RGB.astype(np.uint16) * 257, opacity])
    about = Metadata(dpi=(300.0, 300.0), copyright="nobody")
    files.write(tmp_path / "a.png", deep, metadata=about)
    result = matte(tmp_path / "a.png")
    assert result.alpha[10, 15] == 0
    assert result.alpha[10, 11] == 1
    assert arguments.TRANSPARENT in result.notes
    for name in ("b.tif", "b.png"):
        result.save(tmp_path / name)
        saved = files.read(tmp_path / name)
        assert saved.image.dtype == np.uint16
        np.testing.assert_array_equal(saved.image, result.foreground)
        assert saved.metadata.copyright == "nobody"
    stripped = matte(tmp_path / "a.png", keep_metadata=False)
    assert stripped.metadata == Metadata()


def test_save_keeps_the_profile_and_writes_what_is_asked_for(tmp_path: Path) -> None:
    from PIL import ImageCms

    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    files.write(tmp_path / "a.png", RGB, icc=icc)
    result = matte(str(tmp_path / "a.png"))
    result.save(tmp_path / "b.png")
    assert files.read(tmp_path / "b.png").icc == icc
    result.save(tmp_path / "b.jpg", result.composite((255, 255, 255)))
    assert files.read(tmp_path / "b.jpg").icc == icc
    result.save(tmp_path / "alpha.png", result.alpha)
    np.testing.assert_array_equal(
        files.read_mask(tmp_path / "alpha.png"), np.rint(result.alpha * 255)
    )
    floats = matte(RGB / 255)
    floats.save(tmp_path / "c.png")
    assert files.read(tmp_path / "c.png").image.dtype == np.uint16
    with pytest.raises(RequestError, match="no transparency"):
        result.save(tmp_path / "b.jpg")


def test_notes_of_a_file_are_notes_of_the_matte(tmp_path: Path) -> None:
    Image.fromarray(RGB).convert("CMYK").save(tmp_path / "a.jpg")
    assert any("CMYK" in note for note in matte(tmp_path / "a.jpg").notes)
    gray = Image.fromarray(RGB[..., 0])
    gray.save(tmp_path / "gray.png", icc_profile=gray_profile(gamma=1.0))
    assert matte(tmp_path / "gray.png").icc is None


def test_repr_is_one_line() -> None:
    text = repr(matte(RGB))
    assert "\n" not in text
    assert len(text) < 100
    assert "30×20 uint8" in text


# Guides of another size.


@pytest.mark.parametrize("factor", [0.5, 2, 3])
def test_a_guide_of_the_same_aspect_is_scaled_with_a_note(factor: float) -> None:
    size = (round(30 * factor), round(20 * factor))
    resized = Image.fromarray(trimap()).resize(size, Image.Resampling.NEAREST)
    result = matte(RGB, trimap=np.asarray(resized))
    assert f"The trimap was scaled from {size[0]}×{size[1]} to the picture's" in result.notes[0]
    assert result.alpha.shape == (20, 30)
    numbered = np.digitize(np.asarray(resized), [1, 200])
    assert "was scaled" in matte(RGB, trimap=numbered).notes[0]


@pytest.mark.parametrize(("shape", "word"), [((20, 20), "pixels but"), ((30, 20), "turned")])
def test_another_aspect_is_refused(shape: tuple[int, int], word: str) -> None:
    with pytest.raises(RequestError) as caught:
        matte(RGB, trimap=np.resize(trimap(), shape))
    assert caught.value.code == "trimap-size"
    assert word in str(caught.value)


def test_sizes_are_compared_before_anything_is_decoded(tmp_path: Path) -> None:
    files.write(tmp_path / "a.png", RGB)
    files.write(tmp_path / "t.png", np.zeros((20, 20), np.uint8))
    for name in ("a.png", "t.png"):
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: data.index(b"IDAT") + 8])  # the header is whole
    with pytest.raises(RequestError) as caught:
        matte(tmp_path / "a.png", trimap=tmp_path / "t.png")
    assert caught.value.code == "trimap-size"


def test_limits_are_options(tmp_path: Path) -> None:
    files.write(tmp_path / "a.png", picture(shape=(1000, 1100, 3)))
    for given in ({"max_area_megapixels": 1}, {"max_side_px": 1000}, {"max_memory_mib": 5}):
        with pytest.raises(RequestError) as caught:
            api.request(tmp_path / "a.png", chosen=MatteOptions(**given))  # type: ignore[arg-type]
        assert caught.value.code == "image-too-large"
