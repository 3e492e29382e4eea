"""Encode picture files: arrays to the bytes of PNG, TIFF, WebP, AVIF, JPEG and OpenEXR files.

Pillow cannot write 16-bit colour and OpenCV cannot write a colour profile, so a PNG is OpenCV's
bytes with the profile's chunk inserted, and TIFF is written here.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.images import pixels
from matteplug.images.metadata import exif, png_chunks, tiff_tags
from matteplug.types import Metadata

__all__ = ["FORMATS", "Encoding", "encode"]

FORMATS = {
    ".png": "png",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".webp": "webp",
    ".avif": "avif",
    ".exr": "exr",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
}
"""Format by the file name's suffix."""

_EIGHT_BIT = ("webp", "jpeg", "avif")
_FLOAT = ("tiff", "exr")
_LARGEST_SIDE_PX = {"webp": 16383, "jpeg": 65500, "avif": 65535}
_STRIP_BYTES = 1 << 20
_QUALITY = 95


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How a format with a choice is written.

    Attributes:
        quality: 1 to 100 of lossy WebP, AVIF and JPEG; None is lossless WebP, and 95 for the
            others.  WebP's alpha is exact at any quality.
        associated: whether TIFF's colours are multiplied by alpha, which loses those under alpha 0.
    """

    quality: int | None = None
    associated: bool = False


def encode(
    array: NDArray[Any],
    suffix: str,
    icc: bytes | None = None,
    metadata: Metadata | None = None,
    how: Encoding | None = None,
) -> bytes:
    """Return the bytes of a picture file.

    | array | shape | dtype | meaning |
    |---|---|---|---|
    | array | (H, W) | uint8, uint16, float32 | gray: an alpha or a trimap; gets no profile |
    | | (H, W, 3) | the same | RGB |
    | | (H, W, 4) | the same | RGB and straight alpha |

    PNG and TIFF keep 16 bits, TIFF and OpenEXR floats; PNG, TIFF with straight alpha and lossless
    WebP keep every pixel, colours under alpha 0 included.

    Raises:
        PackageError: OpenEXR is not installed, for .exr.
        RequestError: the format is unknown ("format-unknown") or cannot hold the picture
            ("format-no-alpha", "format-depth", "format-size").
        TypeError, ValueError: the array has another form.
    """
    name = FORMATS.get(suffix.lower())
    if name is None:
        raise RequestError(
            "format-unknown",
            f"Pictures cannot be written as “{suffix}”.",
            "Use .png, .tif, .webp, .avif, .exr or, without transparency, .jpg.",
        )
    depths = (np.uint8, np.uint16, *((np.float32,) if name in _FLOAT else ()))
    if array.dtype not in depths:
        raise TypeError(f"{suffix} is written from uint8 or uint16, not {array.dtype}")
    channels = 1 if array.ndim == 2 else array.shape[-1]
    if array.ndim not in (2, 3) or channels not in (1, 3, 4) or array.size == 0:
        raise ValueError(f"not a picture's shape: {array.shape}")
    _refuse_what_does_not_fit(name, array, channels)
    profile = icc if channels > 1 else None
    encoders: dict[str, Callable[..., bytes]]
    encoders = {"png": _png, "tiff": _tiff, "webp": _webp, "jpeg": _jpeg, "avif": _avif}
    encoders["exr"] = _exr
    how = how or Encoding()
    return encoders[name](np.ascontiguousarray(array), profile, metadata or Metadata(), how)


def _refuse_what_does_not_fit(name: str, array: NDArray[Any], channels: int) -> None:
    title = {"webp": "WebP"}.get(name, name.upper())
    if name == "jpeg" and channels == 4:
        raise RequestError(
            "format-no-alpha",
            "A JPEG file cannot hold a cutout: it has no transparency.",
            "Write a .png, .tif or .webp, or a composite over a backdrop.",
        )
    if name in _EIGHT_BIT and array.dtype != np.uint8:
        raise RequestError(
            "format-depth",
            f"{title} files hold 8 bits per channel but the picture has 16.",
            "Write a .png or .tif, or convert it to 8 bits (--depth 8).",
        )
    if max(array.shape[:2]) > _LARGEST_SIDE_PX.get(name, 1 << 30):
        raise RequestError(
            "format-size",
            f"{title} files are limited to {_LARGEST_SIDE_PX[name]} pixels per side.",
            "Write a .png or .tif.",
        )


def _png(array: NDArray[Any], icc: bytes | None, metadata: Metadata, how: Encoding) -> bytes:
    from matteplug.opencv import cv2

    if array.ndim == 3 and array.shape[2] > 1:
        to_bgr = cv2.COLOR_RGB2BGR if array.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        array = np.asarray(cv2.cvtColor(array, to_bgr))
    done, coded = cv2.imencode(".png", array, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise ValueError(f"OpenCV does not write {array.shape} {array.dtype} as PNG")
    chunks = [(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc))] if icc is not None else []
    chunks += png_chunks(metadata)
    if not chunks:
        return bytes(coded)
    header_end = 8 + 4 + 4 + 13 + 4  # signature; IHDR's length, name, data and checksum
    data = coded.data
    return b"".join([data[:header_end], *(_framed(*chunk) for chunk in chunks), data[header_end:]])


def _framed(name: bytes, data: bytes) -> bytes:
    """Return a PNG chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _tiff(array: NDArray[Any], icc: bytes | None, metadata: Metadata, how: Encoding) -> bytes:
    """Write one deflated little-endian TIFF picture, integers with differencing (TIFF 6.0)."""
    if how.associated and array.ndim == 3 and array.shape[2] == 4:
        array = _premultiplied(array)
    is_float = array.dtype.kind == "f"
    height, width = array.shape[:2]
    samples = array.reshape(height, width, -1).astype(array.dtype.newbyteorder("<"), copy=False)
    channels, bits = samples.shape[2], samples.dtype.itemsize * 8
    rows = max(1, _STRIP_BYTES // (width * channels * samples.dtype.itemsize))
    strips = []
    for top in range(0, height, rows):
        strip = samples[top : top + rows].copy()
        if not is_float:
            strip[:, 1:] -= samples[top : top + rows, :-1]
        strips.append(zlib.compress(strip.tobytes(), 4))
    offsets = 8 + np.concatenate([[0], np.cumsum([len(strip) for strip in strips])])
    text, short, long, rational, undefined = ("B", 2), ("<H", 3), ("<I", 4), ("<II", 5), ("B", 7)
    tags: list[tuple[int, tuple[str, int], Any]] = [
        (256, long, [width]),
        (257, long, [height]),
        (258, short, [bits] * channels),
        (259, short, [8]),  # deflate
        (262, short, [1 if channels == 1 else 2]),  # black is zero, or RGB
        (273, long, offsets[:-1].tolist()),
        (277, short, [channels]),
        (278, long, [rows]),
        (279, long, [len(strip) for strip in strips]),
        (317, short, [1 if is_float else 2]),  # horizontal differencing
        (339, short, [3 if is_float else 1] * channels),  # IEEE floats, or unsigned
    ]
    tags += [(tag, text, value) for tag, value in tiff_tags(metadata)]
    if metadata.dpi:
        across, down = ([(round(value * 1000), 1000)] for value in metadata.dpi)
        tags += [(282, rational, across), (283, rational, down), (296, short, [2])]  # per inch
    if channels == 4:
        tags.append((338, short, [1 if how.associated else 2]))
    if icc is not None:
        tags.append((34675, undefined, icc))
    start = int(offsets[-1]) + int(offsets[-1]) % 2
    heap_at = start + 2 + 12 * len(tags) + 4
    entries, heap = b"", b""
    for tag, (form, code), values in sorted(tags):
        pairs = (value if isinstance(value, tuple) else (value,) for value in values)
        packed = b"".join(struct.pack(form, *pair) for pair in pairs)
        entries += struct.pack("<HHI", tag, code, len(values))
        if len(packed) <= 4:
            entries += packed.ljust(4, b"\0")
        else:
            entries += struct.pack("<I", heap_at + len(heap))
            heap += packed + b"\0" * (len(packed) % 2)
    body = b"".join(strips) + b"\0" * (start - int(offsets[-1]))
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    return struct.pack("<2sHI", b"II", 42, start) + body + directory + heap


def _webp(array: NDArray[Any], icc: bytes | None, metadata: Metadata, how: Encoding) -> bytes:
    form = {"lossless": True} if how.quality is None else {"quality": how.quality}
    return _pillow(array, "WEBP", icc, exif=_exif(metadata), exact=True, alpha_quality=100, **form)


def _avif(array: NDArray[Any], icc: bytes | None, metadata: Metadata, how: Encoding) -> bytes:
    from PIL import features

    if not features.check("avif"):
        raise RequestError(
            "format-unknown", "The installed Pillow does not write AVIF.", "Update Pillow."
        )
    quality = how.quality or _QUALITY
    block = _exif(metadata)
    return _pillow(array, "AVIF", icc, exif=block, quality=quality, subsampling="4:4:4")


def _exr(array: NDArray[Any], icc: bytes | None, metadata: Metadata, how: Encoding) -> bytes:
    from matteplug.images import exr

    return exr.encode(array, icc, metadata)


def _premultiplied(array: NDArray[Any]) -> NDArray[Any]:
    """Return colours multiplied by alpha, and alpha."""
    alpha = pixels.to_float(array[..., 3:])
    result: NDArray[Any] = array.copy()
    colours = array[..., :3] * alpha
    result[..., :3] = colours if array.dtype.kind == "f" else np.rint(colours)
    return result


def _jpeg(array: NDArray[Any], icc: bytes | None, metadata: Metadata, how: Encoding) -> bytes:
    options: dict[str, Any] = {"dpi": metadata.dpi} if metadata.dpi else {}
    return _pillow(
        array,
        "JPEG",
        icc,
        exif=_exif(metadata),
        quality=how.quality or _QUALITY,
        subsampling=0,
        **options,
    )


def _exif(metadata: Metadata) -> bytes:
    block = exif(metadata)
    return b"Exif\0\0" + block if block else b""


def _pillow(array: NDArray[Any], name: str, icc: bytes | None, **options: Any) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    squeezed = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    Image.fromarray(squeezed).save(buffer, name, icc_profile=icc, **options)
    return buffer.getvalue()
