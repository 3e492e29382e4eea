"""Pictures and masks as users pass them: arrays or paths of files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matteplug.errors import RequestError
from matteplug.images import files
from matteplug.types import Image

if TYPE_CHECKING:
    ImageLike: TypeAlias = ArrayLike | str | os.PathLike[str]


def picture(given: ImageLike) -> NDArray[Any]:
    """Return a picture unchanged, from a file or an array; `colours` checks its form.

    Raises:
        RequestError: the file cannot be read.
    """
    if isinstance(given, str | os.PathLike):
        return files.read(given).image
    return np.asarray(given)


def mask(given: ImageLike) -> NDArray[Any]:
    """Return a mask unchanged, from a file or an array; `masks` interprets its values.

    Raises:
        RequestError: the file cannot be read.
    """
    if isinstance(given, str | os.PathLike):
        return files.read_mask(given)
    return np.asarray(given)


def colours(array: NDArray[Any], what: str) -> Image:
    """Return a picture as (H, W, 3) uint8, uint16 or float32, its values unchanged.

    Args:
        array: (H, W), (H, W, 3) or (H, W, 4) of these dtypes or another float; gray is repeated, an
            alpha channel is dropped.
        what: what error messages call it.

    Raises:
        RequestError: the array has another shape ("image-shape"), dtype ("image-dtype"), or values
            that are NaN or infinite ("image-not-finite").
    """
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] not in (3, 4) or 0 in array.shape:
        raise RequestError(
            "image-shape", f"The {what} has the shape {array.shape}; (H, W, 3) is needed."
        )
    if array.dtype.kind == "f":
        array = array.astype(np.float32, copy=False)
        if not np.isfinite(array).all():
            raise RequestError("image-not-finite", f"The {what} has NaN or infinite values.")
    elif array.dtype not in (np.uint8, np.uint16):
        raise RequestError(
            "image-dtype", f"The {what} is {array.dtype}; uint8, uint16 or float is needed."
        )
    return array[..., :3]
