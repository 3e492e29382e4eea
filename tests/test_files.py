"""Picture files in and out: depth, colour, orientation, damage, atomic writing."""

from __future__ import annotations

import errno
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from factories import picture
from numpy.typing import NDArray
from PIL import Image, ImageCms
from raw_pictures import deep_png, gray_profile, png_chunk

from matteplug.errors import RequestError
from matteplug.images import files

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def refused(path: Path) -> str:
    with pytest.raises(RequestError) as caught:
        files.read(path)
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value.code


def turned(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """What Pillow makes of the EXIF orientation, plane by plane in 32 bits."""
    exif = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
    if orientation == 1:
        return array
    way = Image.Transpose(exif[orientation])
    planes = [
        np.asarray(Image.fromarray(array[..., c].astype(np.int32)).transpose(way)) for c in range(3)
    ]
    return np.stack(planes, axis=2).astype(array.dtype)


# What is written comes back.


@pytest.mark.parametrize("suffix", [".png", ".tif", ".TIFF"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "shape", [(5, 7), (5, 7, 3), (5, 7, 4), (1, 1, 4), (10, 20000, 3), (700, 600, 4)]
)
def test_every_pixel_and_the_profile_come_back(
    tmp_path: Path, suffix: str, dtype: Any, shape: tuple[int, ...]
) -> None:
    path, array = tmp_path / f"a{suffix}", picture(dtype, shape)
    files.write(path, array, icc=SRGB)
    found = files.read(path)
    assert found.image.dtype == dtype
    expected = array if array.ndim == 3 else np.repeat(array[..., None], 3, axis=2)
    np.testing.assert_array_equal(found.image, expected[..., :3])
    if expected.shape[2] == 4:
        assert found.alpha is not None
        assert found.alpha.dtype == np.float32
        np.testing.assert_array_equal(
            np.rint(found.alpha * np.iinfo(dtype).max), expected[..., 3].astype(np.float32)
        )
    else:
        assert found.alpha is None
    assert found.icc == (SRGB if array.ndim == 3 else None)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_other_programs_read_what_is_written(tmp_path: Path) -> None:
    array = picture(np.uint8, (40, 30, 4))
    for name in ("a.png", "a.tif", "a.webp"):
        files.write(tmp_path / name, array, icc=SRGB)
        with Image.open(tmp_path / name) as image:
            assert image.info["icc_profile"] == SRGB
            np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), array)


def test_a_jpeg_composite_keeps_its_profile(tmp_path: Path) -> None:
    array = np.full((32, 32, 3), (200, 100, 50), np.uint8)
    files.write(tmp_path / "a.jpg", array, icc=SRGB)
    found = files.read(tmp_path / "a.jpg")
    assert found.icc == SRGB
    assert np.abs(found.image.astype(int) - array).max() <= 2


@pytest.mark.parametrize(
    ("name", "array", "code"),
    [
        ("a.jpg", picture(shape=(5, 7, 4)), "format-no-alpha"),
        ("a.jpeg", picture(np.uint16), "format-depth"),
        ("a.webp", picture(np.uint16), "format-depth"),
        ("a.webp", picture(shape=(1, 20000, 3)), "format-size"),
        ("a.xcf", picture(), "format-unknown"),
        ("a", picture(), "format-unknown"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(
    tmp_path: Path, name: str, array: NDArray[Any], code: str
) -> None:
    with pytest.raises(RequestError) as caught:
        files.write(tmp_path / name, array)
    assert caught.value.code == code
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_other_arrays_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="float32"):
        files.write(tmp_path / "a.png", np.zeros((5, 7), np.float32))
    with pytest.raises(ValueError, match="shape"):
        files.write(tmp_path / "a.png", np.zeros((5, 7, 2), np.uint8))


# Orientation, colour and depth.


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    array = picture()
    Image.fromarray(array).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(files.read(tmp_path / "a.png").image, turned(array, orientation))
    Image.fromarray(array).save(tmp_path / "a.tif", exif=exif)
    np.testing.assert_array_equal(files.read(tmp_path / "a.tif").image, turned(array, orientation))
    smooth = np.kron(picture(shape=(2, 3, 3)), np.ones((16, 16, 1), np.uint8))
    Image.fromarray(smooth).save(tmp_path / "a.jpg", exif=exif, quality=95, subsampling=0)
    found = files.read(tmp_path / "a.jpg").image
    assert np.abs(found.astype(int) - turned(smooth, orientation)).mean() < 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once_to_16_bits(tmp_path: Path, orientation: int) -> None:
    array = picture(np.uint16)
    files.write(tmp_path / "a.png", array)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = (tmp_path / "a.png").read_bytes()
    chunk = png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
    np.testing.assert_array_equal(files.read(tmp_path / "a.png").image, turned(array, orientation))
    files.write(tmp_path / "a.tif", array)
    (tmp_path / "a.tif").write_bytes(with_tag((tmp_path / "a.tif").read_bytes(), 274, orientation))
    np.testing.assert_array_equal(files.read(tmp_path / "a.tif").image, turned(array, orientation))


def with_tag(tiff: bytes, tag: int, value: int) -> bytes:
    """The TIFF with one more SHORT tag, in a directory at its end."""
    start = struct.unpack("<I", tiff[4:8])[0]
    (count,) = struct.unpack("<H", tiff[start : start + 2])
    entries = [tiff[start + 2 + 12 * i : start + 14 + 12 * i] for i in range(count)]
    entries = [e for e in entries if struct.unpack("<H", e[:2])[0] != tag]
    entries.append(struct.pack("<HHIHH", tag, 3, 1, value, 0))
    entries.sort(key=lambda entry: int.from_bytes(entry[:2], "little"))
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    body = tiff + bytes(len(tiff) % 2)
    return body[:4] + struct.pack("<I", len(body)) + body[8:] + directory


def test_gray_gray_with_alpha_and_one_bit(tmp_path: Path) -> None:
    gray, alpha = picture(shape=(5, 7)), picture(shape=(6, 7))[1:]
    Image.fromarray(gray).save(tmp_path / "l.png")
    Image.merge("LA", [Image.fromarray(gray), Image.fromarray(alpha)]).save(tmp_path / "la.png")
    Image.fromarray(gray > 127).save(tmp_path / "1.png")
    expected = np.repeat(gray[..., None], 3, axis=2)
    np.testing.assert_array_equal(files.read(tmp_path / "l.png").image, expected)
    found = files.read(tmp_path / "la.png")
    np.testing.assert_array_equal(found.image, expected)
    assert found.alpha is not None
    np.testing.assert_array_equal(np.rint(found.alpha * 255), alpha)
    assert set(np.unique(files.read(tmp_path / "1.png").image)) == {0, 255}


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_of_every_kind_is_neither_clipped_nor_rounded(
    tmp_path: Path, channels: int
) -> None:
    array = picture(np.uint16, (5, 7, channels))
    path = tmp_path / "a.png"
    path.write_bytes(deep_png(array))
    found = files.read(path)
    assert found.image.dtype == np.uint16
    colours = array[..., :3] if channels >= 3 else np.repeat(array[..., :1], 3, axis=2)
    np.testing.assert_array_equal(found.image, colours)
    if channels in (2, 4):
        assert found.alpha is not None
        np.testing.assert_allclose(found.alpha, array[..., -1] / 65535.0, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_transparent_colour_of_a_16_bit_png(tmp_path: Path, channels: int) -> None:
    array = picture(np.uint16, (5, 7, channels))
    array[1, 2] = array[0, 0]
    array[3, 4] = array[0, 0] + 1  # the same in its upper eight bits
    key = array[0, 0].astype(">u2").tobytes()
    (tmp_path / "a.png").write_bytes(deep_png(array, (b"tRNS", key)))
    found = files.read(tmp_path / "a.png")
    np.testing.assert_array_equal(found.image, np.repeat(array, 3 // channels, axis=2))
    assert found.alpha is not None
    assert np.argwhere(found.alpha < 1).tolist() == [[0, 0], [1, 2]]
    assert found.alpha.min() == 0


def test_palette_with_transparency(tmp_path: Path) -> None:
    image = Image.fromarray(np.arange(35, dtype=np.uint8).reshape(5, 7) % 3)
    image = Image.frombytes("P", (7, 5), image.tobytes())
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.save(tmp_path / "a.png", transparency=bytes([255, 128, 0]))
    found = files.read(tmp_path / "a.png")
    assert found.image[0, :3].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    assert found.alpha is not None
    assert np.rint(found.alpha[0, :3] * 255).tolist() == [255, 128, 0]
    image.save(tmp_path / "a.gif")
    assert files.read(tmp_path / "a.gif").image[0, 0].tolist() == [255, 0, 0]


def test_premultiplied_tiff_becomes_straight(tmp_path: Path) -> None:
    straight = np.full((5, 7, 4), (60000, 30000, 10000, 32768), np.uint16)
    stored = straight.copy()
    stored[..., :3] = np.rint(straight[..., :3] * (32768 / 65535))
    files.write(tmp_path / "a.tif", stored)
    (tmp_path / "a.tif").write_bytes(with_tag((tmp_path / "a.tif").read_bytes(), 338, 1))
    found = files.read(tmp_path / "a.tif")
    assert np.abs(found.image.astype(int) - straight[..., :3]).max() <= 2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_fourth_channel_that_is_no_alpha_is_left_out(tmp_path: Path, dtype: Any) -> None:
    path, array = tmp_path / "a.tif", picture(dtype, (5, 7, 4))
    files.write(path, array)
    path.write_bytes(with_tag(path.read_bytes(), 338, 0))  # unspecified, as a saved selection is
    found = files.read(path)
    np.testing.assert_array_equal(found.image, array[..., :3])
    assert found.alpha is None


def planar_tiff(array: NDArray[Any]) -> bytes:
    """The deflated TIFF that keeps each channel of an (H, W, 2 or 3) array in a strip of its own.

    Two channels are gray and straight alpha.
    """
    height, width, channels = array.shape
    strips = [zlib.compress(array[..., channel].tobytes()) for channel in range(channels)]
    body, offsets = b"", []
    for values in (*strips, struct.pack(f"<{channels}I", *map(len, strips))):
        offsets.append(8 + len(body))
        body += values + bytes(len(values) % 2)
    offsets_at = 8 + len(body)
    body += struct.pack(f"<{channels}I", *offsets[:-1])
    bits_at = 8 + len(body)
    bits = [array.dtype.itemsize * 8] * channels
    body += struct.pack(f"<{channels}H", *bits)
    body += bytes(len(body) % 2)
    packed = int.from_bytes(struct.pack("<2H", *bits[:2]), "little")  # two fit into the entry
    entries = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, channels, packed if channels == 2 else bits_at),
        (259, 3, 1, 8),
        (262, 3, 1, 1 if channels == 2 else 2),
        (273, 4, channels, offsets_at),
        (277, 3, 1, channels),
        (278, 3, 1, height),
        (279, 4, channels, offsets[-1]),
        (284, 3, 1, 2),
    ]
    if channels == 2:
        entries.append((338, 3, 1, 2))
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", *entry) for entry in entries
    )
    return struct.pack("<2sHI", b"II", 42, 8 + len(body)) + body + directory + bytes(4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_channels_kept_apart_are_read(tmp_path: Path, dtype: Any) -> None:
    path, array = tmp_path / "a.tif", picture(dtype)
    path.write_bytes(planar_tiff(array))
    np.testing.assert_array_equal(files.read(path).image, array)
    gray = picture(dtype, (5, 7, 2))
    path.write_bytes(planar_tiff(gray))
    found = files.read(path)
    np.testing.assert_array_equal(found.image, np.repeat(gray[..., :1], 3, axis=2))
    assert found.alpha is not None
    np.testing.assert_allclose(found.alpha, gray[..., 1] / np.iinfo(dtype).max, atol=1e-6)


def test_cmyk_without_a_profile_is_read_with_a_note(tmp_path: Path) -> None:
    Image.new("CMYK", (32, 32), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    found = files.read(tmp_path / "a.jpg")
    assert np.abs(found.image.astype(int) - (255, 0, 0)).max() < 8
    assert found.icc is None
    assert any("CMYK" in note for note in found.notes)


def test_a_profile_for_other_than_rgb_is_not_passed_on(tmp_path: Path) -> None:
    broken = SRGB[:16] + b"CMYK" + SRGB[20:]
    Image.new("CMYK", (32, 32), (0, 255, 255, 0)).save(tmp_path / "a.jpg", icc_profile=broken)
    found = files.read(tmp_path / "a.jpg")
    assert found.icc is None
    assert any("profile is damaged" in note for note in found.notes)


def test_gray_goes_through_its_profile(tmp_path: Path) -> None:
    gray = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (4, 1))
    Image.fromarray(gray).save(tmp_path / "a.png", icc_profile=gray_profile(gamma=1.0))
    found = files.read(tmp_path / "a.png")
    assert found.icc is None
    linear = gray / 255.0
    expected = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    )
    assert np.abs(found.image[..., 0] - expected * 255).max() < 2
    np.testing.assert_array_equal(files.read_mask(tmp_path / "a.png"), gray)


def test_the_first_frame_of_an_animation_is_taken_with_a_note(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    found = files.read(tmp_path / "a.gif")
    assert found.image[0, 0].tolist() == [255, 0, 0]
    assert found.notes == ("The first of 2 frames was used.",)


# Bad files.


def test_missing_empty_folder_and_text(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.png") == "file-missing"
    with pytest.raises(RequestError, match="name of the file is empty"):
        files.read("")
    (tmp_path / "empty.png").touch()
    assert refused(tmp_path / "empty.png") == "file-empty"
    (tmp_path / "folder.png").mkdir()
    assert refused(tmp_path / "folder.png") == "file-not-image"
    (tmp_path / "text.png").write_text("no picture at all\n" * 20)
    assert refused(tmp_path / "text.png") == "file-not-image"


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(path: Path, mode: str) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    (tmp_path / "a.png").touch()
    monkeypatch.setattr(files, "open", opened, raising=False)
    assert refused(tmp_path / "a.png") == "file-unreadable"


@pytest.mark.parametrize("name", ["8.png", "16.png", "a.jpg", "8.tif", "16.tif", "a.webp", "a.bmp"])
@pytest.mark.parametrize("share", [0.002, 0.3, 0.7, 0.98])
def test_a_truncated_file_is_damaged(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    array = picture(np.uint16 if name.startswith("16") else np.uint8, (120, 160, 3))
    if name == "a.bmp":
        Image.fromarray(array).save(path)
    else:
        files.write(path, array)
    data = path.read_bytes()
    path.write_bytes(data[: max(8, int(len(data) * share))])
    assert refused(path) in ("file-damaged", "file-depth")


def animation(tmp_path: Path, kind: str) -> bytes:
    """The bytes of three frames of noise in a file."""
    frames = [Image.fromarray(picture(shape=(6, 8 + i, 3))).resize((8, 6)) for i in range(3)]
    path = tmp_path / f"whole.{kind}"
    if kind == "16.tif":
        cv2.imwritemulti(str(path), [picture(np.uint16, (6, 8, 3))] * 3)
    else:
        frames[0].save(path, save_all=True, append_images=frames[1:])
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["gif", "tif", "16.tif", "png", "webp"])
def test_frames_cut_off_at_any_length(tmp_path: Path, kind: str) -> None:
    data = animation(tmp_path, kind)
    whole = files.read(tmp_path / f"whole.{kind}")
    assert whole.notes == ("The first of 3 frames was used.",)
    path = tmp_path / f"cut.{kind}"
    said = set()
    for length in range(4, len(data), 7):
        path.write_bytes(data[:length])
        try:
            found = files.read(path)
        except RequestError as error:
            said.add(error.code)
        else:
            np.testing.assert_array_equal(found.image, whole.image)
            said.update(found.notes)
    later = {"The first frame was used; the rest of the file is damaged."}
    assert "file-damaged" in said
    assert (said & later) == (later if kind in ("gif", "tif", "16.tif") else set())


def test_damaged_metadata_give_no_warning(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 3, "a description"
    broken = exif.tobytes()[:-6]  # Pillow would warn, which fails here
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / "a.jpg", exif=broken)
    files.read(tmp_path / "a.jpg")


def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    rows = png_chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + rows)
    limit = Image.MAX_IMAGE_PIXELS
    assert refused(path) == "image-too-large"
    assert limit == Image.MAX_IMAGE_PIXELS


def test_the_limit_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write(tmp_path / "a.png", picture(shape=(100, 100, 3)))
    monkeypatch.setenv("MATTEPLUG_MAX_MEGAPIXELS", "0.009")
    assert refused(tmp_path / "a.png") == "image-too-large"
    monkeypatch.setenv("MATTEPLUG_MAX_MEGAPIXELS", "0.011")
    files.read(tmp_path / "a.png")
    monkeypatch.setenv("MATTEPLUG_MAX_MEGAPIXELS", "many")
    with pytest.raises(RequestError, match="not a number"):
        files.read(tmp_path / "a.png")


def test_large_pictures_under_the_limit_give_no_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [Image.fromarray(picture(shape=(100, 99 + i, 3))).resize((100, 100)) for i in (0, 1)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 6000)  # Pillow would warn, which fails here
    assert files.read(tmp_path / "a.gif").notes == ("The first of 2 frames was used.",)
    assert Image.MAX_IMAGE_PIXELS == 6000


# Masks.


def test_masks_are_numbers(tmp_path: Path) -> None:
    levels = np.repeat(np.array([[0, 128, 255]], np.uint8), 4, axis=0)
    files.write(tmp_path / "gray.png", levels)
    np.testing.assert_array_equal(files.read_mask(tmp_path / "gray.png"), levels)
    files.write(tmp_path / "deep.png", levels.astype(np.uint16) * 257)
    assert files.read_mask(tmp_path / "deep.png").tolist()[0] == [0, 128 * 257, 65535]
    rgba = np.dstack([np.zeros((4, 3, 3), np.uint8), levels])
    files.write(tmp_path / "alpha.png", rgba)
    np.testing.assert_array_equal(files.read_mask(tmp_path / "alpha.png"), levels)
    rgba[..., :3] = levels[..., None]
    rgba[..., 3] = 255
    files.write(tmp_path / "opaque.png", rgba)
    np.testing.assert_array_equal(files.read_mask(tmp_path / "opaque.png"), levels)
    rgba[:2, :, 3] = [0, 51, 0]  # erased, and the colour stays below
    files.write(tmp_path / "erased.png", rgba)
    assert files.read_mask(tmp_path / "erased.png")[1:3].tolist() == [[0, 26, 0], [0, 128, 255]]


def test_a_mask_in_colour_is_refused(tmp_path: Path) -> None:
    files.write(tmp_path / "a.png", picture())
    with pytest.raises(RequestError) as caught:
        files.read_mask(tmp_path / "a.png")
    assert caught.value.code == "mask-colour"


# Writing.


class FullDisk(io.FileIO):
    """A file that takes a little and then has no room."""

    def write(self, data: Any) -> int:
        super().write(bytes(data)[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("existing", [False, True])
def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: bool
) -> None:
    path = tmp_path / "a.png"
    if existing:
        files.write(path, picture())
    before = path.read_bytes() if existing else b""
    monkeypatch.setattr(files, "open", FullDisk, raising=False)
    with pytest.raises(RequestError) as caught:
        files.write(path, picture(shape=(50, 50, 3)))
    assert caught.value.code == "disk-full"
    assert caught.value.hint
    assert [p.name for p in tmp_path.iterdir()] == (["a.png"] if existing else [])
    assert not existing or path.read_bytes() == before


def test_an_interrupt_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write(tmp_path / "a.png", picture())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EACCES, "folder-not-writable"),
        (errno.EROFS, "folder-not-writable"),
        (errno.EIO, "file-not-written"),
    ],
)
def test_a_folder_that_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def opened(*arguments: Any) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files, "open", opened, raising=False)
    with pytest.raises(RequestError) as caught:
        files.write(tmp_path / "a.png", picture())
    assert caught.value.code == code


def test_every_name_that_fits_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / f"{'a' * 251}.png"
    files.write(path, picture())
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(RequestError) as caught:
        files.write(tmp_path / "none" / "a.png", picture())
    assert caught.value.code == "folder-missing"


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        files.write(tmp_path / "a.png", picture())
    finally:
        os.umask(old)
    assert (tmp_path / "a.png").stat().st_mode & 0o777 == 0o640
