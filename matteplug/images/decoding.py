"""Picture formats on the way in: the bytes of a file to an array, nothing lost without a word.

This runs in the process that `decoder` starts.  The header is read first, and the policy for
untrusted pictures asked; only then is anything decoded.  Pillow decodes, with three exceptions:
16-bit PNG, PPM and JPEG 2000 in colour, which Pillow opens as 8-bit, go through OpenCV, TIFF goes
through `tiff`, and OpenEXR through `exr`.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import MatteplugError, RequestError
from matteplug.images import exr, formats, metadata, pillow, profiles, samples, tiff
from matteplug.images.policy import Policy
from matteplug.images.samples import Decoded, Samples, Space
from matteplug.types import Size

if TYPE_CHECKING:
    from PIL.Image import Exif, Image

_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"BM", b"GIF8", b"\0\0\0\x0cjP  ", b"8BPS")
_EIGHT_BIT_BYTES, _DEEP_BYTES = 12.0, 18.0
"""What a pixel takes while it is decoded, measured at the peak of either process."""
_HEAD_BYTES = 1 << 16
_MOST_SCANS = 100
"""Of a progressive JPEG; libjpeg-turbo's manual warns of files that have many more."""


def size(file: BinaryIO, name: str, policy: Policy) -> Size:
    """Return the size of a picture as it is shown, from its header.

    Raises:
        RequestError: as `decode`.
    """
    with _reading(file, name, policy) as (stored, orientation, _):
        return Size(*stored[::-1]) if orientation in (5, 6, 7, 8) else stored


def decode(file: BinaryIO, name: str, policy: Policy, *, through_profile: bool = True) -> Decoded:
    """Decode a picture file.

    Args:
        file: the file, at its start.
        name: what errors call it.
        policy: what the picture may cost.
        through_profile: take gray, CMYK and Lab to sRGB; masks are numbers and stay as they are.

    Raises:
        RequestError: "file-empty", "file-not-image", "file-damaged", "file-depth",
            "image-too-large", "memory".
    """
    with _reading(file, name, policy) as (_, _, load):
        return samples.interpret(load(), through_profile=through_profile)


@contextmanager
def _reading(file: BinaryIO, name: str, policy: Policy) -> Iterator[Any]:
    """Yield stored size, orientation and a function that decodes, all within the policy."""
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if not head:
        raise RequestError(
            "file-empty", f"The file {name} is empty.", "Save or copy the picture again."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, and Pillow's own limit
            if tiff.is_tiff(head):
                page = tiff.open_page(file)
                policy.check(page.size, tiff.bytes_per_pixel(page), name)
                yield page.size, page.orientation, lambda: _tiff(page)
            elif head.startswith(exr.MAGIC):
                with exr.opened(file) as picture:
                    policy.check(picture.size, exr.BYTES_PER_PIXEL, name)
                    yield picture.size, 1, picture.decode
            else:
                _refuse_many_scans(file, head, name)
                image = _open(file, head, name)
                if image.format == "PNG":  # else Pillow decodes it to look for EXIF at its end
                    image.info["exif"] = _png_exif(file)
                deep = _bits(image, head) > 8
                stored = Size(image.width, image.height)
                policy.check(stored, _DEEP_BYTES if deep else _EIGHT_BIT_BYTES, name)
                orientation = image.getexif().get(pillow.ORIENTATION, 1)
                yield stored, orientation, lambda: _picture(image, file, head)
    except tiff.UnreadableTiff as error:
        raise RequestError(
            "file-depth",
            f"The TIFF {name} has {error}, which cannot be read.",
            "Save it with 8 or 16 bits per channel, or as PNG.",
        ) from error
    except exr.UnreadableExr as error:
        raise RequestError(
            "file-depth",
            f"The OpenEXR file {name} has {error}, which cannot be read.",
            "Save it as one part with the channels R, G, B and A.",
        ) from error
    except MatteplugError:
        raise
    except MemoryError as error:
        raise RequestError(
            "memory",
            f"There is not enough memory to open {name}.",
            "Close other programs, scale the picture down, or raise the environment variable "
            "MATTEPLUG_MAX_MEMORY_MIB.",
        ) from error
    except Exception as error:  # decoders raise nearly everything on broken files
        raise _damaged(name) from error


def _open(file: BinaryIO, head: bytes, name: str) -> Image:
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # the policy holds
    known = sorted(set(formats.readable().values()) - {"EXR", "TIFF"})
    try:
        return Image.open(file, formats=known)
    except UnidentifiedImageError as error:
        if head.startswith(_MAGIC) or head[4:12] in (b"ftypavif", b"ftypavis"):
            raise _damaged(name) from error
        raise RequestError(
            "file-not-image",
            f"The file {name} is not a picture that can be read.",
            "Use PNG, JPEG, TIFF, WebP, AVIF, BMP or GIF.",
        ) from error


def _refuse_many_scans(file: BinaryIO, head: bytes, name: str) -> None:
    """Refuse a JPEG each of whose scans takes as long as a picture."""
    if not head.startswith(b"\xff\xd8\xff"):
        return
    scans = sum(block.count(b"\xff\xda") for block in iter(lambda: file.read(1 << 24), b""))
    file.seek(0)
    if scans > _MOST_SCANS:
        raise RequestError(
            "image-too-slow",
            f"The JPEG {name} has {scans} scans; more than {_MOST_SCANS} are refused.",
            "Export it again.",
        )


def _damaged(name: str) -> RequestError:
    return RequestError(
        "file-damaged",
        f"The picture {name} is damaged or incomplete.",
        "Copy or export it again; PNG is the safest format.",
    )


def _bits(image: Image, head: bytes) -> int:
    """Return the bits of a channel, from the header: Pillow's mode does not tell."""
    if image.format == "PNG":
        return head[24]
    if image.format == "JPEG2000":
        at = head.find(b"\xff\x4f\xff\x51")  # start of codestream, and its size marker
        return (head[at + 42] & 0x7F) + 1 if 0 <= at < len(head) - 42 else 8
    if image.format == "PPM":
        fields = head[:200].split()
        return _largest(fields).bit_length() if fields[0] in (b"P5", b"P6") else 8
    if image.format == "AVIF":
        at = head.find(b"av1C")
        flags = head[at + 6] if 0 <= at < len(head) - 6 else 0
        return 8 if not flags & 0x40 else 12 if flags & 0x20 else 10
    return 8


def _largest(fields: list[bytes]) -> int:
    """Return the largest value that a PPM header without comments names."""
    return int(fields[3]) if len(fields) > 3 and fields[3].isdigit() else 0


def _tiff(page: tiff.Page) -> Samples:
    if not page.is_pillows:
        return tiff.decode(page)
    from PIL import Image

    page.file.seek(0)
    Image.MAX_IMAGE_PIXELS = None
    image = Image.open(page.file, formats=["TIFF"])
    image.seek(page.index)
    read = pillow.samples_of(image)
    upright = image.getexif().get(pillow.ORIENTATION, 1)  # Pillow may have turned it
    return replace(
        read, notes=read.notes + page.notes, **tiff.about(page) | {"orientation": upright}
    )


def _picture(image: Image, file: BinaryIO, head: bytes) -> Samples:
    """Decode a picture of any format but TIFF."""
    bits = _bits(image, head)
    marks = _marks(image, head)
    deep = bits == 16 and image.format in ("PNG", "PPM", "JPEG2000")
    if deep and image.format == "PNG":
        _check_png(file)
    else:
        image.load()  # finds damage: OpenCV returns half a picture without a word
    about = {
        "icc": image.info.get("icc_profile"),
        "marks": marks,
        "orientation": image.getexif().get(pillow.ORIENTATION, 1),
        "metadata": metadata.of_pillow(image),
    }
    if deep:
        gray = not head[25] & 2 if image.format == "PNG" else image.mode in ("L", "LA", "I", "I;16")
        read = _deep(image, file, gray=gray)
    else:
        read = pillow.samples_of(image)
        if bits > 8:
            note = f"The picture's {bits} bits per channel were read as 8."
            read = replace(read, notes=(*read.notes, note))
    return replace(read, notes=read.notes + _other_frames(image), **about)


def _deep(image: Image, file: BinaryIO, *, gray: bool) -> Samples:
    """Decode with OpenCV, in 16 bits; Pillow has loaded the picture and released its pixels."""
    from matteplug.opencv import cv2

    mode, key = image.mode, image.info.get("transparency")
    image.im = None  # type: ignore[assignment]  # its pixels are not needed any more
    file.seek(0)
    array: NDArray[Any] | None = cv2.imdecode(
        np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED
    )
    if array is None or array.dtype != np.uint16:
        raise ValueError("OpenCV does not decode it")
    if array.ndim == 2:
        array = array[..., None]
    gray = gray or array.shape[2] < 3
    colours = array[..., :1] if gray else array[..., 2::-1]
    alpha = array[..., -1] if array.shape[2] in (2, 4) and mode.endswith("A") else None
    if key is not None:  # of a PNG: one gray or RGB value that is transparent
        alpha = np.where((colours == key).all(axis=2), np.uint16(0), np.uint16(65535))
    return Samples(
        colours=np.ascontiguousarray(colours),
        space=Space.GRAY if gray else Space.RGB,
        alpha=None if alpha is None else np.ascontiguousarray(alpha),
    )


def _check_png(file: BinaryIO) -> None:
    """Make sure that every chunk is whole, up to the last.

    Raises:
        ValueError, struct.error: one is not.
    """
    file.seek(8)
    name = b""
    while name != b"IEND":
        length, name = struct.unpack(">I4s", file.read(8))
        checksum = zlib.crc32(name)
        while length > 0:
            block = file.read(min(length, 1 << 24))
            if not block:
                raise ValueError("the file ends in a chunk")
            checksum, length = zlib.crc32(block, checksum), length - len(block)
        if struct.unpack(">I", file.read(4))[0] != checksum:
            raise ValueError("a checksum is wrong")


def _marks(image: Image, head: bytes) -> profiles.Meaning:
    """Return what colour marks other than a profile say."""
    if image.format == "PNG" and (meaning := _png_marks(head)) is not None:
        return meaning
    if image.format == "AVIF" and (at := head.find(b"colrnclx")) >= 0:
        primaries, transfer = struct.unpack_from(">HH", head, at + 8)
        return profiles.from_code_points(primaries, transfer)
    exif = image.getexif()
    adobe_rgb = exif.get_ifd(0x8769).get(0xA001) == 2 or _interoperability(exif) == "R03"
    return profiles.from_adobe_rgb() if adobe_rgb else profiles.Meaning()  # EXIF 2.3, DCF 2.0


def _interoperability(exif: Exif) -> Any:
    try:
        return exif.get_ifd(0xA005).get(1)
    except KeyError:  # Pillow 12 raises it where EXIF has no such part
        return None


def _png_marks(head: bytes) -> profiles.Meaning | None:
    """Return what PNG's chunks say, in their order of precedence (PNG 3, 4.3); None for nothing."""
    chunks = dict(_png_chunks(head))
    if len(chunks.get(b"cICP", b"")) == 4:
        primaries, transfer, matrix, full_range = chunks[b"cICP"]
        if matrix == 0 and full_range:
            return profiles.from_code_points(primaries, transfer)
    if b"sRGB" in chunks:
        return profiles.Meaning()
    gamma, xy = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    if not (len(gamma) == 4 or len(xy) == 32):
        return None
    exponent = 100_000 / max(1, *struct.unpack(">I", gamma)) if len(gamma) == 4 else None
    numbers = [n / 100_000 for n in struct.unpack(">8I", xy)] if len(xy) == 32 else []
    pairs = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    return profiles.from_gamma_and_primaries(exponent, pairs or None)


def _png_chunks(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks before the pixels, names and data."""
    at = 8
    while at + 8 <= len(head):
        (length,) = struct.unpack_from(">I", head, at)
        name = head[at + 4 : at + 8]
        if name == b"IDAT":
            return
        yield name, head[at + 8 : at + 8 + length]
        at += 12 + length


def _png_exif(file: BinaryIO) -> bytes | None:
    """Return the EXIF data of a PNG, wherever they are; its place in the file is kept."""
    place, exif = file.tell(), None
    file.seek(8)
    while exif is None and len(frame := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", frame)
        if name == b"eXIf":
            exif = file.read(length)
        file.seek(length + 4, io.SEEK_CUR)
    file.seek(place)
    return exif


def _other_frames(image: Image) -> tuple[str, ...]:
    """Say what beside the picture its file holds; it is loaded, as counting may leave it broken."""
    if image.format == "MPO":  # a camera's, whose others are previews
        return ()
    try:
        frames = getattr(image, "n_frames", 1)
    except Exception:  # decoders raise nearly everything on broken files
        return ("The first frame was used; the rest of the file is damaged.",)
    return (f"The first of {frames} frames was used.",) if frames > 1 else ()
