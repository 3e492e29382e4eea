"""Picture files: read pictures and masks; write results so that a file is complete or absent."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.images import decoder, pixels
from matteplug.images.encoding import Encoding, encode
from matteplug.images.policy import Policy
from matteplug.images.samples import Decoded
from matteplug.types import Alpha, CancelToken, Image, Metadata, Size

__all__ = [
    "Picture",
    "check_destination",
    "decode_mask",
    "gray_of",
    "of_decoded",
    "read",
    "read_mask",
    "size",
    "write",
    "write_bytes",
]

_COLOURLESS = 24
"""Largest difference between two channels, in 255ths, that JPEG causes in a gray mask."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture, and what belongs to it beside its colours.

    Attributes:
        image: (H, W, 3) uint8, uint16 or float32, upright; what Python hands over may be of other
            types.
        alpha: (H, W) float32 [0, 1], or None where everything is opaque.
        icc: colour profile of `image`; None means sRGB.
        metadata: resolution, copyright and the like.
        path: where it was read; None for what Python handed over.
        notes: sentences for the user about how it was read.
    """

    image: Image
    alpha: Alpha | None = None
    icc: bytes | None = None
    metadata: Metadata = field(default_factory=Metadata)
    path: Path | None = None
    notes: tuple[str, ...] = ()


def read(
    path: str | os.PathLike[str],
    *,
    policy: Policy | None = None,
    cancel: CancelToken | None = None,
) -> Picture:
    """Read a picture in any format that the installed Pillow decodes, a TIFF of floats, or OpenEXR.

    EXIF orientation is applied, 16 bits stay 16 and floats stay floats.  Gray, palette, CMYK and
    Lab become RGB, by their profile if they have one, and linear light becomes sRGB.  `policy` says
    what is too large, `decoder` how it is held to that.

    Raises:
        Cancelled: `cancel` was set.
        RequestError: "file-missing", "file-unreadable", "file-empty", "file-not-image",
            "file-damaged", "file-depth", "image-too-large", "image-too-slow", "memory".
    """
    path = _checked(path)
    decoded = decoder.decode(path, str(path), policy=policy, cancel=cancel)
    return of_decoded(decoded, path)


def of_decoded(decoded: Decoded, path: Path | None = None) -> Picture:
    """Return a decoded picture with its alpha in floats."""
    return Picture(
        image=decoded.image,
        alpha=None if decoded.alpha is None else pixels.to_float(decoded.alpha),
        icc=decoded.icc,
        metadata=decoded.metadata,
        path=path,
        notes=decoded.notes,
    )


def read_mask(
    path: str | os.PathLike[str],
    *,
    policy: Policy | None = None,
    cancel: CancelToken | None = None,
) -> NDArray[Any]:
    """Read a trimap or a soft mask as (H, W) numbers, without colour management.

    The mask is the gray value, black where it is transparent; in a picture of a single colour it is
    the alpha channel.

    Raises:
        Cancelled, RequestError: as `read`, or the picture is in colour ("mask-colour").
    """
    path = _checked(path)
    return _mask(path, str(path), policy, cancel)


def size(
    path: str | os.PathLike[str],
    *,
    policy: Policy | None = None,
    cancel: CancelToken | None = None,
) -> Size:
    """Return the size of a picture or mask as it is shown, from its header.

    Raises:
        RequestError: as `read`.
    """
    path = _checked(path)
    return decoder.size(path, str(path), policy=policy, cancel=cancel)


def decode_mask(data: bytes, name: str) -> NDArray[Any]:
    """Return the mask that a file's bytes hold; see `read_mask`.

    Args:
        data: the file's bytes.
        name: what errors call it.
    """
    return _mask(data, name)


def write(
    path: str | os.PathLike[str],
    array: NDArray[Any],
    icc: bytes | None = None,
    metadata: Metadata | None = None,
    how: Encoding | None = None,
) -> None:
    """Write a picture in the format of the name's suffix; the file appears complete or not at all.

    | array | shape | dtype |
    |---|---|---|
    | array | (H, W), (H, W, 3) or (H, W, 4) straight alpha | uint8, uint16, float32 |

    Args:
        path: TIFF and OpenEXR hold all of these; PNG 16 bits; WebP, AVIF and JPEG 8 bits; JPEG no
            alpha.
        array: the picture.
        icc: colour profile that belongs to it; gray pictures get none.
        metadata: resolution, copyright and the like; None for none.
        how: quality, and what TIFF's colours are multiplied by.

    Raises:
        PackageError: as `encoding.encode`.
        RequestError: "format-…" as `encoding.encode`, or as `write_bytes`.
    """
    path = Path(path)
    write_bytes(path, encode(array, path.suffix, icc, metadata, how))


def check_destination(path: Path, what: str) -> None:
    """Check that a file can be written, before the work whose result it will hold.

    Args:
        path: of the file.
        what: it will hold, for the error: "The report".

    Raises:
        RequestError: it cannot ("folder-missing", "folder-not-writable").
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        raise RequestError("folder-missing", f"There is no folder {folder}.", "Create it first.")
    if path.is_dir() or not os.access(folder, os.W_OK):
        raise RequestError(
            "folder-not-writable",
            f"{what} cannot be written to {path}.",
            "Choose another file.",
        )


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file that appears complete or not at all.

    Raises:
        RequestError: "disk-full", "folder-missing", "folder-not-writable", "file-not-written".
    """
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


def _checked(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file that can be opened."""
    if not os.fspath(path):
        raise RequestError("file-missing", "The name of the file is empty.", "Check the name.")
    path = Path(path)
    try:
        kind = os.stat(path).st_mode
        if stat.S_ISREG(kind):
            with open(path, "rb"):
                pass
    except FileNotFoundError as error:
        raise RequestError(
            "file-missing", f"There is no file {path}.", "Check the name."
        ) from error
    except (OSError, ValueError) as error:
        raise RequestError(
            "file-unreadable",
            f"The file {path} cannot be read: {getattr(error, 'strerror', None) or error}.",
            "Check its permissions.",
        ) from error
    if stat.S_ISDIR(kind):
        raise RequestError(
            "file-not-image", f"{path} is a folder, not a picture.", "Name a picture file."
        )
    if not stat.S_ISREG(kind):
        raise RequestError(
            "file-not-image", f"{path} is a device or a pipe.", "Name a picture file."
        )
    return path


def _mask(
    source: Path | bytes,
    name: str,
    policy: Policy | None = None,
    cancel: CancelToken | None = None,
) -> NDArray[Any]:
    decoded = decoder.decode(source, name, through_profile=False, policy=policy, cancel=cancel)
    return gray_of(decoded.image, decoded.alpha, f"mask {name}")


def gray_of(colours: NDArray[Any], alpha: NDArray[Any] | None, what: str) -> NDArray[Any]:
    """Return the mask that a picture stands for, (H, W) of its dtype.

    Args:
        colours: (H, W, 3) uint8, uint16 or float.
        alpha: (H, W) of the same dtype, or None.
        what: the words for it in an error.

    Raises:
        RequestError: it is in colour ("mask-colour").
    """
    if alpha is not None and (colours == colours[0, 0]).all():
        return alpha
    spread = float((colours.max(axis=2).astype(np.float32) - colours.min(axis=2)).max())
    scale = 1.0 if colours.dtype.kind == "f" else pixels.full_scale(colours.dtype)
    if colours.dtype.kind == "f" and float(colours.max()) > 2:
        scale = 255.0
    if spread > _COLOURLESS / 255 * scale:
        raise RequestError(
            "mask-colour", f"The {what} is in colour.", "Paint it in black, gray and white."
        )
    gray = np.ascontiguousarray(colours[..., 1])
    if alpha is not None:
        covered = gray * (alpha.astype(np.float32) / np.float32(scale))
        gray = covered if gray.dtype.kind == "f" else np.rint(covered).astype(gray.dtype)
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
