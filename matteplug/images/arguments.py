"""Pictures and masks as users pass them: paths, arrays, tensors and Pillow's pictures."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matteplug.errors import RequestError
from matteplug.images import files, pixels
from matteplug.images.files import Picture
from matteplug.images.policy import Policy
from matteplug.images.samples import upright
from matteplug.types import Alpha, CancelToken, Image

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

    ImageLike: TypeAlias = ArrayLike | str | os.PathLike[str] | PillowImage

TRANSPARENT = "The picture was partly transparent, and stays so."
_CHANNELS = (1, 2, 3, 4)
_FAINT = 1 / 16
"""Integers without a depth of their own are 16-bit if they exceed this fraction of its range."""


def is_path(given: Any) -> bool:
    """Tell a path from a picture."""
    return isinstance(given, str | os.PathLike)


def picture(
    given: ImageLike,
    what: str = "image",
    *,
    policy: Policy | None = None,
    cancel: CancelToken | None = None,
) -> Picture:
    """Return a picture from a file, an array, a tensor or Pillow, with all that belongs to it.

    | given | read as |
    |---|---|
    | a path | file, with profile, transparency and metadata |
    | Pillow's picture of any mode | turned as its EXIF data say |
    | (H, W), (H, W, 1), (H, W, 2) | gray, and alpha |
    | (H, W, 3), (H, W, 4) | RGB, and straight alpha |
    | (3, H, W), (1, H, W, 3), (1, 3, H, W) … | the same, where no other reading is possible |
    | other integers than uint8 and uint16 | by their range, up to 255 or 65535 |

    Args:
        given: see above; floats keep their values, which `matting.validation` checks.
        what: the word for it in an error.
        policy: what a file may cost.
        cancel: stops reading a file.

    Raises:
        Cancelled: `cancel` was set.
        RequestError: a file cannot be read, or it is not a picture ("image-type", "image-shape",
            "image-dtype").
    """
    if is_path(given):
        return files.read(given, policy=policy, cancel=cancel)  # type: ignore[arg-type]
    if _is_pillow(given):
        from matteplug.images import pillow

        return files.of_decoded(pillow.picture(given))  # type: ignore[arg-type]
    array = _array(given, what)
    if array.ndim == 3 and array.shape[2] in (2, 4):
        return Picture(image=_three(array[..., :-1]), alpha=_alpha(array[..., -1]))
    return Picture(image=_three(array))


def mask(
    given: ImageLike,
    what: str = "mask",
    *,
    policy: Policy | None = None,
    cancel: CancelToken | None = None,
) -> NDArray[Any]:
    """Return a mask as (H, W) numbers unchanged; `masks` interprets its values.

    Args:
        given: as for `picture`; what has more than one channel must be gray.
        what: the word for it in an error.
        policy: what a file may cost.
        cancel: stops reading a file.

    Raises:
        Cancelled: `cancel` was set.
        RequestError: as `picture`, or it is in colour ("mask-colour").
    """
    if is_path(given):
        return files.read_mask(given, policy=policy, cancel=cancel)  # type: ignore[arg-type]
    if _is_pillow(given):
        return _pillow_mask(given, what)
    array = _array(given, what, channels_only=False)
    if array.ndim != 3:
        return array
    if array.shape[2] == 1:
        return array[..., 0]
    has_alpha = array.shape[2] in (2, 4)
    shades = array[..., :-1] if has_alpha else array
    alpha = array[..., -1] if has_alpha else None
    return files.gray_of(np.repeat(shades, 3 // shades.shape[2], axis=2), alpha, what)


def colours(array: NDArray[Any], what: str) -> Image:
    """Return a picture as (H, W, 3) uint8, uint16 or float32, its values unchanged.

    Args:
        array: (H, W), (H, W, 3) or (H, W, 4) of these dtypes or another float; gray is repeated, an
            alpha channel is dropped.
        what: the word for it in an error.

    Raises:
        RequestError: the array has another shape ("image-shape"), dtype ("image-dtype"), or NaN or
            infinite values ("image-not-finite").
    """
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] not in (3, 4) or 0 in array.shape:
        raise _shape(array, what)
    if array.dtype.kind == "f":
        array = array.astype(np.float32, copy=False)
        if not np.isfinite(array).all():
            raise RequestError("image-not-finite", f"The {what} holds NaN or infinite values.")
    elif array.dtype not in (np.uint8, np.uint16):
        raise RequestError(
            "image-dtype", f"The {what} is {array.dtype}; uint8, uint16 or float is needed."
        )
    return np.ascontiguousarray(array[..., :3])


def _array(given: Any, what: str, *, channels_only: bool = True) -> NDArray[Any]:
    """Return what was given as (H, W) or (H, W, C) numbers.

    Args:
        given: anything that is neither a path nor Pillow's.
        what: the word for it in an error.
        channels_only: whether it is a picture, whose integers have to have a depth.
    """
    _refuse_other_types(given, what)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(given, torch.Tensor):
        given = given.detach().cpu().numpy()
    try:
        array = np.asarray(given)
    except ValueError as error:  # lists of different lengths
        raise _type(what, "not an array", "Give numbers as (H, W, 3) or (H, W).") from error
    if array.dtype.kind not in "buif" or (channels_only and array.dtype == bool):
        raise RequestError(
            "image-dtype" if channels_only else "mask-form",
            f"The {what} is {array.dtype}; uint8, uint16 or float is needed.",
            "Convert it first.",
        )
    array = _channels_last(array, what)
    if channels_only and array.dtype.kind in "iu" and array.dtype not in (np.uint8, np.uint16):
        array = _with_depth(array, what)
    return array


def _channels_last(array: NDArray[Any], what: str) -> NDArray[Any]:
    """Return an array without a batch's dimension, and with its channels last."""
    if array.ndim == 4 and array.shape[0] == 1:
        array = array[0]
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise _shape(array, what)
    if array.ndim == 3 and array.shape[2] not in _CHANNELS:
        if array.shape[0] not in _CHANNELS:
            raise _shape(array, what)
        array = array.transpose(1, 2, 0)  # (C, H, W) to (H, W, C)
    return array


def _with_depth(array: NDArray[Any], what: str) -> NDArray[Any]:
    """Return integers of any type as uint8 or uint16."""
    low, high = int(array.min()), int(array.max())
    if low >= 0 and 1 < high <= 255:
        return array.astype(np.uint8)
    if low >= 0 and 65535 * _FAINT < high <= 65535:
        return array.astype(np.uint16)
    raise RequestError(
        "image-dtype",
        f"The {what} is {array.dtype} with values from {low} to {high}, so its depth is not clear.",
        "Convert it to uint8 (0 to 255) or uint16 (0 to 65535).",
    )


def _refuse_other_types(given: Any, what: str) -> None:
    """Refuse what is not a picture, and say what it is."""
    if given is None:
        raise _type(what, "missing (None)", "cv2.imread returns None where it cannot read a file.")
    if isinstance(given, bytes | bytearray | memoryview):
        hint = "Give the path, or decode it: PIL.Image.open(io.BytesIO(data))."
        raise _type(what, "the bytes of a file", hint)
    if hasattr(given, "read"):
        raise _type(what, "an open file", "Give its path, or decode it: PIL.Image.open(file).")


def _type(what: str, is_what: str, hint: str) -> RequestError:
    return RequestError("image-type", f"The {what} is {is_what}.", hint)


def _shape(array: NDArray[Any], what: str) -> RequestError:
    return RequestError(
        "image-shape", f"The {what} has the shape {array.shape}; (H, W, 3) is needed."
    )


def _three(array: NDArray[Any]) -> NDArray[Any]:
    if array.ndim == 2:
        array = array[..., None]
    return np.ascontiguousarray(np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array)


def _alpha(array: NDArray[Any]) -> Alpha | None:
    """Return an array's alpha in [0, 1]; None where everything is opaque."""
    floats = array.astype(np.float32) if array.dtype.kind == "f" else pixels.to_float(array)
    alpha: Alpha = np.clip(np.nan_to_num(floats), 0, 1)
    return None if alpha.min() == 1 else alpha


def _is_pillow(given: Any) -> bool:
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(given, pillow.Image)


def _pillow_mask(given: Any, what: str) -> NDArray[Any]:
    """Return the mask that Pillow's picture is; its wide modes are numbers."""
    from matteplug.images import pillow

    given.load()
    if given.mode in ("1", "L", "I", "F", *pillow.SIXTEEN_BIT):
        return upright(np.asarray(given), given.getexif().get(pillow.ORIENTATION, 1))
    decoded = pillow.picture(given)
    return files.gray_of(decoded.image, decoded.alpha, what)
