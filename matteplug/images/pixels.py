"""Pixel values: conversion between depths, cutouts and composites.

Colours are blended as they are encoded (sRGB or whatever the picture's profile says), as GIMP's
legacy modes, Krita's 8- and 16-bit layers and web browsers do, and as mattes are defined in the
field: I, F and B of I = αF + (1 − α)B are encoded values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from matteplug.errors import RequestError
from matteplug.types import Alpha, Image, Size

__all__ = [
    "ROUNDING",
    "checkerboard",
    "composite",
    "cutout",
    "from_float",
    "full_scale",
    "to_float",
]

ROUNDING = 1e-3
"""How far floats may overshoot [0, 1]: the precision of half floats."""
_STRIP_PIXELS = 1 << 18
"""Arrays are processed in strips of about this many pixels, so that float copies stay small."""


def full_scale(dtype: DTypeLike) -> float:
    """Return the value that stands for 1: 255, 65535 or 1.0.

    Raises:
        TypeError: the dtype is not uint8, uint16 or float32.
    """
    scales = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}
    name = np.dtype(dtype).name
    if name not in scales:
        raise TypeError(f"pixels are uint8, uint16 or float32, not {name}")
    return scales[name]


def to_float(image: NDArray[Any]) -> NDArray[np.float32]:
    """Return the values as float32 in [0, 1]; a float32 array is returned as it is."""
    if image.dtype == np.float32:
        return image
    result: NDArray[np.float32] = np.divide(image, full_scale(image.dtype), dtype=np.float32)
    return result


def from_float(array: NDArray[np.floating[Any]], dtype: DTypeLike) -> NDArray[Any]:
    """Return [0, 1] values in `dtype`, rounded to the nearest step; values outside are clipped."""
    scale = full_scale(dtype)
    scaled: NDArray[Any] = array * np.float32(scale)
    np.clip(scaled, 0, scale, out=scaled)
    if scale != 1:
        np.rint(scaled, out=scaled)
    return scaled.astype(dtype, copy=False)


def cutout(foreground: Image, alpha: Alpha) -> Image:
    """Return straight colours with alpha, as PNG and the editors' layers keep them.

    | array | shape | dtype | range |
    |---|---|---|---|
    | foreground | (H, W, 3) | uint8, uint16, float32 | full scale |
    | alpha | (H, W) | float32 | 0 to 1 |
    | returned | (H, W, 4) | the foreground's | full scale |

    The colours are the foreground's, bit for bit.
    """
    from matteplug.opencv import cv2

    _same_size(Size.of(alpha), Size.of(foreground), "alpha")
    result = np.asarray(cv2.cvtColor(foreground, cv2.COLOR_RGB2RGBA))
    result[..., 3] = from_float(alpha, foreground.dtype)
    return result


def composite(foreground: Image, alpha: Alpha, backdrop: Image | tuple[int, int, int]) -> Image:
    """Return αF + (1 − α)B.

    A colour means the same for every depth: (255, 255, 255) is white.

    | array | shape | dtype | range |
    |---|---|---|---|
    | foreground | (H, W, 3) | uint8, uint16, float32 | full scale |
    | alpha | (H, W) | float32 | 0 to 1 |
    | backdrop | (H, W, 3) | the foreground's | full scale |
    | or with straight alpha | (H, W, 4) | the foreground's | full scale |
    | or a colour, with alpha | (3,), (4,) | integers | 0 to 255 |
    | returned | (H, W, 3), or (H, W, 4) over one with alpha | the foreground's | full scale |

    Where alpha is 1 the result is the foreground bit for bit; where it is 0, the backdrop.

    Raises:
        RequestError: alpha or backdrop has another size ("alpha-size", "backdrop-size"), or the
            backdrop has another depth ("backdrop-depth") or is neither a picture nor a colour
            ("backdrop-colour").
    """
    _same_size(Size.of(alpha), Size.of(foreground), "alpha")
    behind = _behind(backdrop, foreground)
    if behind.shape[2] == 4:
        return _over_transparent(foreground, alpha, behind)
    result = np.empty_like(foreground)
    rows = max(1, _STRIP_PIXELS // foreground.shape[1])
    for top in range(0, foreground.shape[0], rows):
        strip = slice(top, top + rows)
        a = alpha[strip, :, None]
        blended = foreground[strip] * a + behind[strip] * (np.float32(1) - a)
        if foreground.dtype != np.float32:
            np.rint(blended, out=blended)
        result[strip] = blended
    return result


def checkerboard(size: Size, dtype: DTypeLike = np.uint8, square_px: int = 16) -> Image:
    """Return the (H, W, 3) gray checkerboard that stands for transparency."""
    dark, light = from_float(np.array([0.6, 0.8]), dtype)
    columns = np.arange(size.width) // square_px
    rows = np.arange(size.height) // square_px
    squares = np.where((rows[:, None] + columns) % 2, dark, light)
    return np.repeat(squares[..., None], 3, axis=2)


def _behind(backdrop: Image | tuple[int, int, int], foreground: Image) -> Image:
    if isinstance(backdrop, np.ndarray) and backdrop.ndim == 3:
        _same_size(Size.of(backdrop), Size.of(foreground), "backdrop")
        if backdrop.dtype != foreground.dtype:
            raise RequestError(
                "backdrop-depth",
                f"The backdrop is {backdrop.dtype} but the picture is {foreground.dtype}.",
                "Convert the backdrop to the picture's depth.",
            )
        if backdrop.shape[2] in (3, 4):
            return backdrop
    colour = np.asarray(backdrop)
    whole = colour.dtype.kind in "ui"
    if colour.shape not in ((3,), (4,)) or not whole or colour.min() < 0 or colour.max() > 255:
        raise RequestError(
            "backdrop-colour",
            "The backdrop is neither a picture with three channels nor one colour.",
            "Give an (H, W, 3) array or three whole numbers from 0 to 255.",
        )
    shape = (*foreground.shape[:2], colour.size)
    return np.broadcast_to(from_float(colour / 255, foreground.dtype), shape)


def _over_transparent(foreground: Image, alpha: Alpha, backdrop: Image) -> Image:
    """Return straight colours and alpha of a foreground over a backdrop that has an alpha.

    Porter and Duff (1984): α + (1 − α)β, and the colours that each of them shows.
    """
    result = np.empty(backdrop.shape, foreground.dtype)
    rows = max(1, _STRIP_PIXELS // foreground.shape[1])
    for top in range(0, foreground.shape[0], rows):
        strip = slice(top, top + rows)
        front = alpha[strip, :, None]
        back = (1 - front) * to_float(backdrop[strip, :, 3:])
        together = front + back
        colours = foreground[strip] * front + backdrop[strip, :, :3] * back
        colours = colours / np.maximum(together, np.float32(1e-6))
        result[strip, :, :3] = colours if result.dtype == np.float32 else np.rint(colours)
        result[strip, :, 3:] = from_float(together, result.dtype)
    return result


def _same_size(size: Size, expected: Size, name: str) -> None:
    if size != expected:
        raise RequestError(
            f"{name}-size",
            f"The {name} is {size} pixels but the picture is {expected}.",
            f"Scale or crop the {name} to the picture's size.",
        )
