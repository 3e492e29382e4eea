"""Decode picture files: bytes to an array, with a note on whatever is lost.

Pillow decodes 8-bit files.  It would open 16-bit colour as 8-bit, so OpenCV decodes that.  Both see
the bytes only after the header has shown that the picture is not too large.
"""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"RIFF", b"BM", b"GIF8")
_MAX_MEGAPIXELS = 400.0
_ORIENTATION = 0x0112  # EXIF 2.3

_alone = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """What a file holds.

    Attributes:
        array: (H, W, 3) RGB or (H, W, 4) RGB and straight alpha, uint8 or uint16, upright.
        icc: the colour profile that belongs to the RGB values; None for sRGB.
        notes: what the user should know about how it was read.
    """

    array: NDArray[Any]
    icc: bytes | None
    notes: tuple[str, ...] = ()


def decode(data: bytes, name: str, through_profile: bool = True) -> Decoded:
    """Decode a picture file.

    Args:
        data: the file's bytes.
        name: what errors call it.
        through_profile: convert CMYK and gray to sRGB by their profiles; False for masks, whose
            values are numbers.

    Raises:
        RequestError: "file-empty", "file-not-image", "file-damaged", "file-depth",
            "image-too-large", "memory".
    """
    if not data:
        raise RequestError(
            "file-empty", f"The file {name} is empty.", "Save or copy the picture again."
        )
    with _our_pillow():
        image = _open(data, name)
        _refuse_too_large(image, name)
        try:
            if _bits(image, data, name) > 8:
                decoded = _decode_deep(image, data, name)
            else:
                decoded = _decode_eight(image, through_profile)
        except RequestError:
            raise
        except MemoryError as error:
            raise RequestError(
                "memory",
                f"There is not enough memory to open {name}.",
                "Close other programs or scale the picture down.",
            ) from error
        except Exception as error:  # decoders raise almost anything on broken files
            raise _damaged(name) from error
        return replace(decoded, notes=decoded.notes + _other_frames(image))


@contextmanager
def _our_pillow() -> Iterator[None]:
    """Switch off Pillow's pixel limit, as ours applies, and its warnings about odd metadata.

    Both are global to the process, so one picture is decoded at a time.
    """
    from PIL import Image

    with _alone, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        pillows_limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = pillows_limit


def _open(data: bytes, name: str) -> Image:
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        if data.startswith(_MAGIC):
            raise _damaged(name) from error
        raise RequestError(
            "file-not-image",
            f"The file {name} is not a picture that can be read.",
            "Use PNG, JPEG, TIFF, WebP, BMP or GIF.",
        ) from error
    except Exception as error:  # decoders raise almost anything on broken files
        raise _damaged(name) from error


def _refuse_too_large(image: Image, name: str) -> None:
    megapixels = image.width * image.height / 1e6
    limit = _limit()
    if megapixels > limit:
        raise RequestError(
            "image-too-large",
            f"The picture {name} has {megapixels:.0f} megapixels; the limit is {limit:g}.",
            "Scale it down, or raise the limit: set the variable MATTEPLUG_MAX_MEGAPIXELS.",
        )


def _other_frames(image: Image) -> tuple[str, ...]:
    """Return a note on further frames in the file; call it last: counting may break the picture."""
    if image.format == "MPO":  # a camera's, whose others are previews
        return ()
    try:
        frames = getattr(image, "n_frames", 1)
    except Exception:  # decoders raise almost anything on broken files
        return ("The first frame was used; the rest of the file is damaged.",)
    return (f"The first of {frames} frames was used.",) if frames > 1 else ()


def _damaged(name: str) -> RequestError:
    return RequestError(
        "file-damaged",
        f"The picture {name} is damaged, incomplete or of an unknown kind.",
        "Copy or export it again; PNG is the safest format.",
    )


def _limit() -> float:
    value = os.environ.get("MATTEPLUG_MAX_MEGAPIXELS", "")
    try:
        return float(value) if value else _MAX_MEGAPIXELS
    except ValueError:
        raise RequestError(
            "option-megapixels",
            f"MATTEPLUG_MAX_MEGAPIXELS is “{value}”, which is not a number.",
            "Set it to a number of megapixels, or unset it.",
        ) from None


def _bits(image: Image, data: bytes, name: str) -> int:
    """Return the bits per channel, from the header: Pillow's mode does not tell.

    Raises:
        RequestError: "file-depth", a TIFF that neither decoder reads correctly.
    """
    if image.format == "PNG":
        return data[24]
    tags: Any = getattr(image, "tag_v2", None)
    if tags is None:
        return 8
    bits = int(max(tags.get(258, (1,))))
    integers = set(tags.get(339, (1,))) <= {1, 4}  # unsigned, or nothing said
    if bits > 16 or not integers:
        kind = f"{bits}-bit integers" if integers else f"{bits}-bit signed or floating-point values"
        raise RequestError(
            "file-depth",
            f"The picture {name} has {kind}.",
            "Convert it to 8 or 16 bits per channel.",
        )
    planar = tags.get(284) == 2 and tags.get(277, 1) > 1  # one plane after the other
    if planar and (bits > 8 or image.mode in ("LA", "La")):  # what the decoders return is wrong
        raise RequestError(
            "file-depth",
            f"The {bits}-bit TIFF {name} stores its channels separately, which cannot be read.",
            "Save it with interleaved channels, or as PNG.",
        )
    return bits


def _decode_deep(image: Image, data: bytes, name: str) -> Decoded:
    from matteplug.opencv import cv2

    icc = image.info.get("icc_profile")
    tags: Any = getattr(image, "tag_v2", {})
    image.load()  # finds damage: OpenCV returns half a picture without a word
    # OpenCV turns a TIFF by its tag, but not a PNG by its EXIF data.
    orientation = image.getexif().get(_ORIENTATION, 1) if image.format == "PNG" else 1
    try:
        array: NDArray[Any] | None = cv2.imdecode(
            np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED
        )
    except cv2.error:
        array = None
    if array is None or array.dtype != np.uint16 or tags.get(262, 2) not in (1, 2):
        if image.format == "PNG":
            raise _damaged(name)
        raise RequestError(
            "file-depth",
            f"The 16-bit TIFF {name} is damaged or of a kind that cannot be read.",
            "Save it as 16-bit RGB or as PNG.",
        )
    if array.ndim == 2:
        array = array[..., None]
    if array.shape[2] >= 3:
        array = array[..., [2, 1, 0, 3][: array.shape[2]]]
    else:
        array = np.repeat(array[..., :1], 3, axis=2)
    if image.mode != "RGBA":  # Pillow knows whether a fourth channel is alpha or, say, a selection
        array = array[..., :3]
    elif 1 in tags.get(338, ()):
        array = _straight(array)
    transparent = image.info.get("transparency")  # of a PNG: one gray or RGB value
    if transparent is not None:
        see_through = (array == transparent).all(axis=2, keepdims=True)
        alpha = np.where(see_through, np.uint16(0), np.uint16(65535))
        array = np.concatenate([array, alpha], axis=2)
    return Decoded(array=_upright(array, orientation), icc=_rgb_profile(icc))


def _decode_eight(image: Image, through_profile: bool) -> Decoded:
    from PIL import ImageOps

    image.load()
    icc = image.info.get("icc_profile")
    notes: tuple[str, ...] = ()
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data or image.mode == "La":
        if image.mode == "La":
            image = image.convert("LA")
        image = image.convert("RGBA")
    elif through_profile and icc and icc[16:20] in (b"CMYK", b"GRAY"):
        image, note = _through_profile(image, icc)
        notes += note
    elif image.mode == "CMYK" and through_profile:
        notes += ("The CMYK picture has no colour profile, so its colours are approximate.",)
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGB")
    return Decoded(array=np.array(image), icc=_rgb_profile(icc), notes=notes)


def _through_profile(image: Image, icc: bytes) -> tuple[Image, tuple[str, ...]]:
    from PIL import ImageCms

    mode = {b"CMYK": "CMYK", b"GRAY": "L"}[icc[16:20]]
    if image.mode != mode:
        return image, ()
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image, ("The colour profile is damaged and was ignored.",)
    assert converted is not None  # None is for conversion in place only
    return converted, ()


def _rgb_profile(icc: bytes | None) -> bytes | None:
    """Return the profile if it is for RGB values; any other would be wrong in the result."""
    return icc if icc and icc[16:20] == b"RGB " else None


def _straight(array: NDArray[np.uint16]) -> NDArray[np.uint16]:
    alpha = np.maximum(array[..., 3:], 1).astype(np.float64)
    colours = np.rint(np.minimum(array[..., :3] * 65535.0 / alpha, 65535.0))
    return np.concatenate([colours.astype(np.uint16), array[..., 3:]], axis=2)


def _upright(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return the picture as it is meant to be seen."""
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)
