"""Plates: registered, and a first guess of the foreground made from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from matteplug import pixels, registration
from matteplug.errors import RequestError
from matteplug.network import Guide, NetworkSpec
from matteplug.types import BACKGROUND, FOREGROUND, Alpha, Image, MatteRequest, Size

DIFFERENCE_SURE = 0.12
"""Difference to the plate, of full scale, that certainly is foreground."""


def prepare(request: MatteRequest, spec: NetworkSpec) -> tuple[MatteRequest, float | None]:
    """Bring the plate onto the image, for a network that takes one.

    Args:
        request: what was asked for.
        spec: the network that will do it.

    Returns:
        The request, its plate registered (and a segmentation made up where there is none) if the
        network takes a plate; and the confidence in the plate, None where none was registered.

    Raises:
        RequestError: the plate has another aspect, is the image itself, or does not show the same
            scene; or the segmentation has another size.
    """
    if spec.guide is not Guide.PLATE or request.plate is None:
        return request, None
    plate, confidence = registration.check(request.image, request.plate), None
    notes = request.notes
    if request.options.align:
        found = registration.require(registration.register(request.image, plate))
        plate, confidence = found.plate, found.confidence
        notes += (f"The plate was registered with a confidence of {confidence:.2f}.",)
    segmentation = request.segmentation
    if segmentation is None:
        segmentation = plate_difference(request.image, plate, request.trimap)
    elif segmentation.shape != request.image.shape[:2]:
        raise RequestError(
            "segmentation-size",
            f"The segmentation is {Size.of(segmentation)}, the image {Size.of(request.image)}.",
        )
    return replace(request, plate=plate, segmentation=segmentation, notes=notes), confidence


def plate_difference(image: Image, plate: Image, trimap: NDArray[np.uint8] | None = None) -> Alpha:
    """Return a coarse soft segmentation: where the image differs from its plate.

    | name | shape | dtype | range |
    |---|---|---|---|
    | image, plate | (H, W, 3) | uint8, uint16, float32 | full scale |
    | trimap | (H, W) | uint8 | 0, 128, 255; its known areas are taken over |
    | returned | (H, W) | float32 | [0, 1] |
    """
    import cv2

    size = Size.of(image)
    scale = min(1.0, 512 / max(size))
    small = Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))
    seen, clean = (
        cv2.resize(array, small, interpolation=cv2.INTER_AREA).astype(np.float32)
        / np.float32(pixels.full_scale(array.dtype))
        for array in (image, plate)
    )
    difference = cv2.GaussianBlur(np.abs(seen - clean).max(axis=2), (0, 0), 1.5)
    mask = np.clip(difference / DIFFERENCE_SURE - 0.3, 0, 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc[2:7, 2:7])
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, disc)
    result = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.float32)
    if trimap is not None:
        result = np.where(trimap == BACKGROUND, 0, np.where(trimap == FOREGROUND, 1, result))
    return np.asarray(np.clip(result, 0, 1), np.float32)
