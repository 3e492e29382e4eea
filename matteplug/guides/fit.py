"""Guides of another size than the picture's: scaled where the aspect is the same, else rejected."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.types import Size

_LARGEST_SCALE = 16
"""A guide that is smaller than the picture by more than this says too little about it."""


def check(guide: Size, picture: Size, what: str) -> None:
    """Make sure that a guide can be brought to the picture's size.

    Args:
        guide: its size.
        picture: the picture's size, as it is shown.
        what: the word for the guide in an error.

    Raises:
        RequestError: the aspect differs, or the guide is far too small ("…-size").
    """
    if guide == picture or _scales(guide, picture):
        return
    turned = _scales(guide, Size(picture.height, picture.width))
    raise RequestError(
        f"{what}-size",
        f"The {what} is {guide} pixels but the picture is {picture}.",
        "It seems to be turned: make it for the picture as it is shown."
        if turned
        else f"Make the {what} at the picture's size.",
    )


def fitted(mask: NDArray[Any], picture: Size, what: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return a mask at the picture's size, and a note where it was scaled.

    Args:
        mask: (H, W) bool, integer or float, in any of the conventions of `masks.unit`.
        picture: the picture's size.
        what: the word for the mask in an error and a note.

    Raises:
        RequestError: as `check`.
    """
    if mask.ndim != 2 or mask.size == 0 or mask.dtype.kind not in "buif":
        return mask, ()  # `masks.unit` says what is wrong
    size = Size.of(mask)
    check(size, picture, what)
    if size == picture:
        return mask, ()
    from matteplug.opencv import cv2

    numbered = mask.dtype.kind != "f" and int(mask.max()) <= 2  # 0, 1 and 2 have nothing between
    kept = mask if mask.dtype in (np.uint8, np.uint16, np.float32) else mask.astype(np.float64)
    smooth = cv2.INTER_LINEAR if picture.width > size.width else cv2.INTER_AREA
    scaled = cv2.resize(kept, picture, interpolation=cv2.INTER_NEAREST if numbered else smooth)
    note = f"The {what} was scaled from {size} to the picture's {picture} pixels."
    return np.asarray(scaled), (note,)


def same_aspect(one: Size, other: Size) -> bool:
    """Tell whether two sizes have the same aspect, as far as whole pixels allow."""
    difference = abs(one.width * other.height - one.height * other.width)
    return difference <= max(one) + max(other)  # half a pixel of rounding in each side


def _scales(guide: Size, picture: Size) -> bool:
    """Tell whether a guide can be scaled to the picture's size."""
    return same_aspect(guide, picture) and picture.width <= _LARGEST_SCALE * guide.width
