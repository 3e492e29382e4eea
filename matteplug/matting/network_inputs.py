"""A request as network inputs: parts of it, and all of it scaled down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.images import pixels
from matteplug.images.scaling import resized
from matteplug.types import (
    BACKGROUND,
    FOREGROUND,
    UNKNOWN,
    MatteRequest,
    Rect,
    Size,
    Tensor,
    Trimap,
)

_LEVELS = np.zeros(256, np.float32)
_LEVELS[[UNKNOWN, FOREGROUND]] = 0.5, 1


def tensors(request: MatteRequest, rect: Rect) -> dict[str, Tensor]:
    """Return the inputs for a part of the picture, by role.

    | role | shape | dtype | range |
    |---|---|---|---|
    | image, plate | (1, 3, height, width) | float32 | [0, 1] |
    | trimap | (1, 1, height, width) | float32 | 0, 0.5, 1 |
    | segmentation | (1, 1, height, width) | float32 | [0, 1]; −1 where there is none |
    | motion | (1, 4, height, width) | float32 | [0, 1]: grey frames; a still picture four times |
    """
    inputs = {"image": _planes(request.image[rect.slices])}
    if request.trimap is not None:
        inputs["trimap"] = _LEVELS[request.trimap[rect.slices]][None, None]
    if request.plate is not None:
        inputs["plate"] = _planes(request.plate[rect.slices])
        grey = inputs["image"].mean(axis=1, keepdims=True)
        inputs["motion"] = np.repeat(grey, 4, axis=1)
    if request.segmentation is None:
        inputs["segmentation"] = np.full((1, 1, rect.height, rect.width), -1, np.float32)
    else:
        inputs["segmentation"] = _planes(request.segmentation[rect.slices])
    return inputs


def cropped(request: MatteRequest, rect: Rect) -> MatteRequest:
    """Return the request for a part of the picture; its arrays are views."""
    return replace(
        request,
        image=request.image[rect.slices],
        trimap=None if request.trimap is None else request.trimap[rect.slices],
        plate=None if request.plate is None else request.plate[rect.slices],
        segmentation=None if request.segmentation is None else request.segmentation[rect.slices],
    )


def scaled(request: MatteRequest, size: Size) -> MatteRequest:
    """Return the request scaled down to `size`, or unchanged if it has that size.

    A pixel of the trimap stays known if all the pixels it stands for are.
    """
    if size == Size.of(request.image):
        return request
    segmentation = request.segmentation
    return replace(
        request,
        image=resized(request.image, size),
        trimap=None if request.trimap is None else _reduced_trimap(request.trimap, size),
        plate=None if request.plate is None else resized(request.plate, size),
        segmentation=None if segmentation is None else resized(segmentation, size),
    )


def _reduced_trimap(trimap: Trimap, size: Size) -> Trimap:
    result = np.full((size.height, size.width), UNKNOWN, np.uint8)
    for value in (BACKGROUND, FOREGROUND):
        fraction = resized((trimap == value).view(np.uint8) * np.uint8(255), size)
        result[fraction == 255] = value
    return result


def _planes(array: NDArray[Any]) -> Tensor:
    values = pixels.to_float(array)
    if values.ndim == 2:
        return np.ascontiguousarray(values[None, None])
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])  # (1, C, H, W)
