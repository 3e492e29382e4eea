"""Kinds of pictures and what their marks mean: TIFFs of every kind, colour marks, metadata."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import picture
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin
from raw_pictures import deep_png, gray_profile

from matteplug.errors import RequestError
from matteplug.images import decoding, files, profiles
from matteplug.images import tiff as pages
from matteplug.images.metadata import texts
from matteplug.images.policy import Policy
from matteplug.types import Metadata

Array = NDArray[Any]


def tiff(array: Array, tags: dict[int, tuple[int, ...]], order: str = "<") -> bytes:
    """An uncompressed TIFF of one strip, or of one per channel where tag 284 is 2.

    Args:
        array: (H, W, C) as the samples are stored.
        tags: SHORT tags beside the ones that the array gives.
    """
    height, width, channels = array.shape
    apart = tags.get(284) == (2,)
    kind = {"u": 1, "i": 2, "f": 3}[array.dtype.kind]
    ordered = array.transpose(2, 0, 1) if apart else array
    body = ordered.astype(array.dtype.newbyteorder("<" if order == "<" else ">")).tobytes()
    strips = channels if apart else 1
    size = len(body) // strips
    every: dict[int, tuple[str, tuple[int, ...]]] = {
        256: ("I", (width,)),
        257: ("I", (height,)),
        258: ("H", (array.itemsize * 8,) * channels),
        259: ("H", (1,)),
        273: ("I", tuple(8 + size * i for i in range(strips))),
        277: ("H", (channels,)),
        278: ("I", (height,)),
        279: ("I", (size,) * strips),
        339: ("H", (kind,) * channels),
        **{tag: ("H", values) for tag, values in tags.items()},
    }
    body += bytes(len(body) % 2)
    directory, heap = struct.pack(f"{order}H", len(every)), b""
    heap_at = 8 + len(body) + 2 + 12 * len(every) + 4
    for tag, (letter, values) in sorted(every.items()):
        packed = struct.pack(f"{order}{len(values)}{letter}", *values)
        directory += struct.pack(f"{order}HHI", tag, {"H": 3, "I": 4}[letter], len(values))
        if len(packed) <= 4:
            directory += packed.ljust(4, b"\0")
        else:
            directory += struct.pack(f"{order}I", heap_at + len(heap))
            heap += packed
    magic = b"II*\0" if order == "<" else b"MM\0*"
    header = magic + struct.pack(f"{order}I", 8 + len(body))
    return header + body + directory + bytes(4) + heap


def read(tmp_path: Path, data: bytes, suffix: str = "tif") -> files.Picture:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(data)
    return files.read(path)


# TIFFs: 5×7 pixels, every value known.


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_floating_point(tmp_path: Path, dtype: str, order: str) -> None:
    values = np.linspace(0, 1, 105).reshape(5, 7, 3)
    found = read(tmp_path, tiff(values.astype(dtype), {262: (2,)}, order))
    assert found.image.dtype == np.float32
    assert np.abs(found.image - values).max() < (1e-3 if dtype == "f2" else 1e-7)
    assert bool(found.notes) == (dtype == "f8")


def test_highlights_are_clipped_with_a_note_and_other_scales_refused(tmp_path: Path) -> None:
    values = np.linspace(0, 1, 105, dtype=np.float32).reshape(5, 7, 3)
    values[0, 0] = 3
    found = read(tmp_path, tiff(values, {262: (2,)}))
    assert (found.image[0, 0] == 1).all()
    assert "Values beyond 0 to 1 were clipped." in found.notes
    with pytest.raises(RequestError, match="far beyond 0 to 1"):
        read(tmp_path, tiff(values * 255, {262: (2,)}))


@pytest.mark.parametrize("order", ["<", ">"])
def test_32_bit_integers(tmp_path: Path, order: str) -> None:
    array = picture(np.uint16).astype(np.uint32) * 65537
    found = read(tmp_path, tiff(array, {262: (2,)}, order))
    np.testing.assert_array_equal(found.image, picture(np.uint16))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("apart", [1, 2])
@pytest.mark.parametrize(
    "kind",
    [
        (1, 2, (2,), 1),
        (1, 3, (0, 2), 2),
        (2, 4, (2,), 3),
        (2, 5, (2, 0), 3),
        (2, 5, (0, 2), 4),
        (2, 5, (0, 0), None),
        (2, 4, (0,), None),
    ],
)
def test_alpha_and_further_channels(
    tmp_path: Path, dtype: Any, apart: int, kind: tuple[int, int, tuple[int, ...], int | None]
) -> None:
    photometric, channels, extra, alpha = kind
    array = picture(dtype, (5, 7, channels))
    tags = {262: (photometric,), 284: (apart,), 338: extra}
    found = read(tmp_path, tiff(array, tags))
    colours = array[..., :3] if photometric == 2 else np.repeat(array[..., :1], 3, axis=2)
    np.testing.assert_array_equal(found.image, colours)
    if alpha is None:
        assert found.alpha is None
    else:
        assert found.alpha is not None
        expected = array[..., alpha] / np.iinfo(dtype).max
        np.testing.assert_allclose(found.alpha, expected, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_white_is_zero_cmyk_with_alpha_and_lab(tmp_path: Path, dtype: Any) -> None:
    full = np.iinfo(dtype).max
    gray = picture(dtype, (5, 7, 1))
    found = read(tmp_path, tiff(gray, {262: (0,)}))
    np.testing.assert_array_equal(found.image[..., :1], full - gray)
    ink = np.zeros((5, 7, 5), dtype)
    ink[..., 1:3], ink[..., 4] = full, full // 3  # red, a third opaque
    found = read(tmp_path, tiff(ink, {262: (5,), 338: (2,)}))
    assert (found.image == (full, 0, 0)).all()
    assert found.alpha is not None
    assert abs(found.alpha[0, 0] - 1 / 3) < 0.01
    lab = np.zeros((5, 7, 3), dtype)  # sRGB red is L* 54.29, a* 80.81, b* 69.89 under D50
    per_unit = 1 if dtype == np.uint8 else 256
    lab[..., 0], lab[..., 1:] = round(0.5429 * full), (round(80.81 * per_unit), 0)
    lab[..., 2] = round(69.89 * per_unit)
    found = read(tmp_path, tiff(lab, {262: (8,)}))
    assert np.abs(found.image / full * 255 - (255, 0, 0)).max() < 3
    assert "The Lab picture became sRGB." in found.notes


@pytest.mark.parametrize("bits", [1, 2, 4, 10, 12, 14])
def test_packed_bits(tmp_path: Path, bits: int) -> None:
    values = np.random.default_rng(1).integers(0, 1 << bits, (5, 7))
    rows = [
        int("".join(f"{v:0{bits}b}" for v in row).ljust(-(-7 * bits // 8) * 8, "0"), 2)
        for row in values
    ]
    width = -(-7 * bits // 8)
    stored = np.frombuffer(b"".join(row.to_bytes(width, "big") for row in rows), np.uint8)
    data = tiff(stored.reshape(5, width, 1), {262: (1,), 258: (bits,), 256: (7,)})
    found = read(tmp_path, data)
    full = 255 if bits <= 8 else 65535
    expected = np.rint(values * full / ((1 << bits) - 1))
    assert np.abs(found.image[..., 0] - expected).max() <= 1
    assert found.image.max() <= full


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg"])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_compressions(tmp_path: Path, compression: str, mode: str) -> None:
    smooth = np.kron(picture(shape=(4, 4, 3)), np.ones((16, 16, 1), np.uint8))
    image = Image.fromarray(smooth).convert(mode)
    image.save(tmp_path / "a.tif", compression=compression)
    image.save(tmp_path / "b.tif")
    difference = files.read(tmp_path / "a.tif").image.astype(int)
    difference -= files.read(tmp_path / "b.tif").image
    assert np.abs(difference).mean() < (4 if compression == "jpeg" else 1e-9)


def test_the_first_page_that_is_no_thumbnail(tmp_path: Path) -> None:
    thumbnail = tiff(picture(shape=(4, 4, 3)), {262: (2,), 254: (1,)})
    large = tiff(picture(shape=(8, 8, 3)), {262: (2,)})
    first = struct.unpack("<I", thumbnail[4:8])[0]
    (entries,) = struct.unpack_from("<H", thumbnail, first)
    link = first + 2 + 12 * entries
    moved = shifted(large, len(thumbnail))
    data = thumbnail[:link] + struct.pack("<I", moved[0]) + thumbnail[link + 4 :] + moved[1]
    found = read(tmp_path, data)
    np.testing.assert_array_equal(found.image, picture(shape=(8, 8, 3)))
    assert found.notes == ()
    assert files.size(tmp_path / "a.tif") == (8, 8)


def shifted(data: bytes, by: int) -> tuple[int, bytes]:
    """The place of the directory, and the bytes, of a TIFF that lies behind `by` others."""
    start = struct.unpack("<I", data[4:8])[0]
    (entries,) = struct.unpack_from("<H", data, start)
    result = bytearray(data)
    for at in range(start + 2, start + 2 + 12 * entries, 12):
        tag, kind, count, value = struct.unpack_from("<HHII", data, at)
        if tag == 273 or count * {3: 2, 4: 4}[kind] > 4:
            struct.pack_into("<I", result, at + 8, value + by)
    return start + by, bytes(result)


@pytest.mark.parametrize(("dtype", "channels"), [("u1", 4), ("u2", 4), ("f4", 3)])
def test_48_megapixels_of_any_depth_are_within_the_default_policy(
    dtype: str, channels: int
) -> None:
    values = np.zeros((1, 8000, channels), dtype)
    alpha = {338: (2,)} if channels == 4 else {}
    data = tiff(values, {262: (2,), 257: (6000,), 278: (6000,), **alpha})
    page = pages.open_page(io.BytesIO(data))
    assert page.size == (8000, 6000)
    policy = Policy(megapixels=400, side_px=65535, memory_mib=1280, seconds=9)
    policy.check(page.size, pages.bytes_per_pixel(page), "a")


def test_signed_integers_are_told_truly(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="signed") as caught:
        read(tmp_path, tiff(np.zeros((5, 7, 1), np.int16), {262: (1,)}))
    assert caught.value.code == "file-depth"


# Colours.


@pytest.mark.parametrize("channels", [1, 2])
def test_gray_profiles_hold_in_16_bits_and_with_alpha(tmp_path: Path, channels: int) -> None:
    gray = picture(np.uint16, (5, 7, channels))
    icc = (b"iCCP", b"gray\0\0" + zlib.compress(gray_profile(gamma=1.0)))
    found = read(tmp_path, deep_png(gray, icc), "png")
    linear = gray[..., 0] / 65535
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(found.image[..., 0] - expected * 65535).max() < 1
    assert (found.alpha is not None) == (channels == 2)
    assert found.icc is None


def converted(icc: bytes, colour: tuple[int, int, int]) -> tuple[int, ...]:
    """What little CMS makes of a colour, in sRGB."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    image = Image.new("RGB", (1, 1), colour)
    result = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    assert result is not None
    pixel = result.getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return tuple(int(value) for value in pixel)


def test_a_built_profile_says_what_the_curve_and_primaries_say() -> None:
    srgb = profiles.matrix_profile("as sRGB", profiles.BT709, 0.0)
    for colour in ((255, 0, 0), (10, 200, 90), (128, 128, 128)):
        assert np.abs(np.subtract(converted(srgb, colour), colour)).max() <= 1
    linear = profiles.matrix_profile("linear", profiles.BT709, 1.0)
    assert converted(linear, (128, 128, 128)) == (188, 188, 188)
    adobe = profiles.from_adobe_rgb().icc
    assert adobe is not None
    red, green, blue = converted(adobe, (120, 180, 100))
    assert red < 100  # outside it is greener
    assert abs(green - 181) < 3
    assert abs(blue - 95) < 8


def test_the_mark_for_adobe_rgb_becomes_a_profile(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a test"
    exif.get_ifd(0x8769)[0xA001] = 2
    for name in ("a.jpg", "a.webp", "a.png"):
        Image.fromarray(picture(shape=(16, 16, 3))).save(tmp_path / name, exif=exif)
        found = files.read(tmp_path / name)
        assert found.icc == profiles.from_adobe_rgb().icc, name
        assert "The mark for Adobe RGB became a colour profile." in found.notes
    place = len(tiff(picture(), {262: (2,), 34665: (1,)}))
    directory = struct.pack("<HHHIII", 1, 0xA001, 3, 1, 2, 0)
    data = tiff(picture(), {262: (2,), 34665: (place,)}) + directory
    assert read(tmp_path, data).icc == profiles.from_adobe_rgb().icc


def marked_png(*chunks: tuple[bytes, bytes]) -> bytes:
    return deep_png(picture(np.uint16, (5, 7, 3)), *chunks)


def test_png_marks_become_a_profile_or_a_note(tmp_path: Path) -> None:
    linear = (b"gAMA", struct.pack(">I", 100_000))
    found = read(tmp_path, marked_png(linear), "png")
    assert found.icc == profiles.matrix_profile(
        "gamma and primaries (as marked in the picture)", profiles.BT709, 1.0
    )
    srgb = (b"gAMA", struct.pack(">I", 45455))
    assert read(tmp_path, marked_png(srgb), "png").icc is None
    assert read(tmp_path, marked_png((b"sRGB", b"\0"), linear), "png").icc is None
    p3 = read(tmp_path, marked_png((b"cICP", bytes([12, 13, 0, 1]))), "png")
    assert p3.icc is not None
    assert "The mark for Display P3 became a colour profile." in p3.notes
    hdr = read(tmp_path, marked_png((b"cICP", bytes([9, 16, 0, 1]))), "png")
    assert hdr.icc is None
    assert "HDR (PQ)" in hdr.notes[0]


@pytest.mark.parametrize("chunk", [(b"gAMA", b"\0\0\0\0"), (b"cHRM", bytes(32)), (b"cICP", b"1")])
def test_marks_without_sense_do_no_harm(tmp_path: Path, chunk: tuple[bytes, bytes]) -> None:
    assert read(tmp_path, marked_png(chunk), "png").icc is None


# Formats.


@pytest.mark.parametrize("suffix", ["avif", "jp2", "ppm", "tga", "bmp", "qoi", "dds", "pcx", "sgi"])
def test_whatever_pillow_decodes_is_read(tmp_path: Path, suffix: str) -> None:
    smooth = np.kron(picture(shape=(4, 4, 3)), np.ones((16, 16, 1), np.uint8))
    Image.fromarray(smooth).save(tmp_path / f"a.{suffix}")
    found = files.read(tmp_path / f"a.{suffix}")
    assert np.abs(found.image.astype(int) - smooth).mean() < 5
    assert files.size(tmp_path / f"a.{suffix}") == (64, 64)


def test_16_bits_of_a_ppm_stay(tmp_path: Path) -> None:
    array = picture(np.uint16, (5, 7, 3))
    data = b"P6\n7 5\n65535\n" + array.astype(">u2").tobytes()
    np.testing.assert_array_equal(read(tmp_path, data, "ppm").image, array)


# Metadata.

ABOUT = Metadata(
    dpi=(300.0, 300.0),
    copyright="© nobody",
    artist="nobody",
    description="a test",
    date="2026:01:02 03:04:05",
)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
def test_metadata_come_back_in_every_format_and_orientation_does_not(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    files.write(path, picture(shape=(20, 30, 3)), metadata=ABOUT)
    found = files.read(path).metadata
    assert texts(found) == texts(ABOUT)
    assert found.dpi is not None
    assert np.abs(np.subtract(found.dpi, 300)).max() < 0.1
    with Image.open(path) as image:
        assert 0x0112 not in image.getexif()


def test_metadata_of_png_text_xmp_and_centimetres(tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Copyright", "(c) nobody")
    text.add_itxt("Author", "Zoë")
    image = Image.fromarray(picture())
    image.save(tmp_path / "a.png", pnginfo=text, dpi=(72, 72))
    found = files.read(tmp_path / "a.png").metadata
    assert (found.copyright, found.artist) == ("(c) nobody", "Zoë")
    xmp = (
        b"<x><dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>A &amp; B</rdf:li></rdf:Alt>"
        b"</dc:rights><dc:creator><rdf:Seq><rdf:li>C</rdf:li><rdf:li>D</rdf:li></rdf:Seq>"
        b"</dc:creator></x>"
    )
    image.save(tmp_path / "a.jpg", xmp=xmp)
    found = files.read(tmp_path / "a.jpg").metadata
    assert (found.copyright, found.artist) == ("A & B", "C; D")
    image.save(tmp_path / "a.tif", resolution_unit=3, x_resolution=100.0, y_resolution=100.0)
    dpi = files.read(tmp_path / "a.tif").metadata.dpi
    assert dpi is not None
    assert abs(dpi[0] - 254) < 0.1


def test_a_jpeg_opens_where_pillow_misses_a_part_of_its_exif(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = Image.Exif.get_ifd

    def as_pillow_12(exif: Image.Exif, tag: int) -> dict[int, Any]:
        if tag == 0xA005:
            raise KeyError(tag)
        return whole(exif, tag)

    monkeypatch.setattr(Image.Exif, "get_ifd", as_pillow_12)
    file = io.BytesIO()
    Image.fromarray(picture()).save(file, "JPEG")
    file.seek(0)
    assert decoding.decode(file, "a.jpg", Policy.current()).image.shape == picture().shape
