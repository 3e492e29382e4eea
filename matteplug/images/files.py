"""Picture files: read pictures and masks; write results so that a file is complete or absent."""

from __future__ import annotations

import errno
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.images import pixels
from matteplug.images.decoding import Decoded, decode
from matteplug.images.encoding import encode
from matteplug.types import Alpha, Image

_COLOURLESS = 24
"""Largest difference between two channels, in 255ths, that JPEG causes in a gray mask."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture file's content.

    Attributes:
        image: (H, W, 3) uint8 or uint16, upright.
        alpha: (H, W) float32 [0, 1], or None where everything is opaque.
        icc: colour profile of `image`; None means sRGB.
        path: where it was read.
        notes: sentences for the user about how it was read.
    """

    image: Image
    alpha: Alpha | None
    icc: bytes | None
    path: Path
    notes: tuple[str, ...] = ()


def read(path: str | os.PathLike[str]) -> Picture:
    """Read a picture: PNG, JPEG, TIFF, WebP, BMP or GIF, 8 or 16 bits per channel.

    EXIF orientation is applied and 16 bits stay 16.  Gray, palette and CMYK become RGB, by
    their profile if they have one.

    Raises:
        RequestError: "file-missing", "file-unreadable", "file-empty", "file-not-image",
            "file-damaged", "file-depth", "image-too-large", "memory".
    """
    path = Path(path)
    decoded = decode(_bytes(path), str(path))
    image, alpha = decoded.array, None
    if image.shape[2] == 4:
        alpha = pixels.to_float(image[..., 3])
        image = np.ascontiguousarray(image[..., :3])
        alpha = None if alpha.min() == 1 else alpha
    return Picture(image=image, alpha=alpha, icc=decoded.icc, path=path, notes=decoded.notes)


def read_mask(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read a trimap or a soft mask as (H, W) uint8 or uint16 numbers, without colour management.

    The mask is the gray value, black where it is transparent; in a picture of a single colour it is
    the alpha channel.

    Raises:
        RequestError: as `read`, or the picture is in colour ("mask-colour").
    """
    path = Path(path)
    return decode_mask(_bytes(path), str(path))


def decode_mask(data: bytes, name: str) -> NDArray[Any]:
    """Return the mask that a file's bytes hold; see `read_mask`.

    Args:
        data: the file's bytes.
        name: what errors call it.
    """
    decoded = decode(data, name, through_profile=False)
    return _mask(decoded, name)


def write(path: str | os.PathLike[str], array: NDArray[Any], icc: bytes | None = None) -> None:
    """Write a picture in the format of the name's suffix; the file appears complete or not at all.

    | array | shape | dtype |
    |---|---|---|
    | array | (H, W), (H, W, 3) or (H, W, 4) straight alpha | uint8, uint16 |

    Args:
        path: PNG and TIFF hold all of these; WebP and JPEG 8 bits; JPEG no alpha.
        array: the picture.
        icc: colour profile that belongs to it; gray pictures get none.

    Raises:
        RequestError: "format-…" as `encoding.encode`, "disk-full", "folder-missing",
            "folder-not-writable", "file-not-written".
    """
    path = Path(path)
    data = encode(array, path.suffix, icc)
    temporary = path.with_name(f".{secrets.token_hex(4)}.part")
    try:
        try:
            with open(temporary, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _not_written(path, error) from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise RequestError(
            "file-missing", f"There is no file {path}.", "Check the name."
        ) from error
    except IsADirectoryError as error:
        raise RequestError(
            "file-not-image", f"{path} is a folder, not a picture.", "Name a picture file."
        ) from error
    except OSError as error:
        raise RequestError(
            "file-unreadable",
            f"The file {path} cannot be read: {error.strerror or error}.",
            "Check its permissions.",
        ) from error


def _mask(decoded: Decoded, name: str) -> NDArray[Any]:
    array = decoded.array
    colours = array[..., :3]
    if array.shape[2] == 4 and (colours == colours[0, 0]).all():
        return np.ascontiguousarray(array[..., 3])
    spread = colours.max(axis=2).astype(np.float32) - colours.min(axis=2)
    if spread.max() > _COLOURLESS / 255 * pixels.full_scale(array.dtype):
        raise RequestError(
            "mask-colour",
            f"The mask {name} is in colour.",
            "Paint it in black, gray and white.",
        )
    gray = np.ascontiguousarray(array[..., 1])
    if array.shape[2] == 4:
        gray = np.rint(gray * pixels.to_float(array[..., 3])).astype(gray.dtype)
    return gray


def _not_written(path: Path, error: OSError) -> RequestError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RequestError(
            "disk-full",
            f"The disk is full, so {path} was not written.",
            "Free some space, or write to another disk.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return RequestError(
            "folder-not-writable",
            f"The folder {path.parent} is not writable.",
            "Check its permissions or choose another folder.",
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return RequestError(
            "folder-missing", f"There is no folder {path.parent}.", "Make it first."
        )
    return RequestError(
        "file-not-written",
        f"{path} was not written: {error.strerror or error}.",
        "Choose another folder.",
    )
