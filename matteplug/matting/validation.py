"""Bring requests to the form that `MatteRequest` describes, or refuse them, before any work."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matteplug import options
from matteplug.errors import RequestError
from matteplug.guides import masks
from matteplug.guides import trimap as trimaps
from matteplug.images import pixels
from matteplug.images.arguments import colours
from matteplug.types import Image, MatteRequest, Size


def checked(request: MatteRequest) -> MatteRequest:
    """Return a request as `MatteRequest` describes it, whoever has made it.

    Pictures may be all that `pictures.colours` takes, their floats overshooting [0, 1] by no more
    than a rounding, and the segmentation all that `masks.unit` takes.  The trimap has to be one.

    Raises:
        RequestError: a picture is of another form ("image-shape", "image-dtype",
            "image-not-finite") or range ("image-range"), the trimap is not one ("trimap-form",
            "trimap-size", "trimap-values"), the segmentation is not a mask ("mask-form",
            "mask-values") or of another size ("segmentation-size"), the opacity is of another size
            ("opacity-size"), or an option is not possible (see `options.check`).
    """
    options.check(request.options)
    image, plate = _in_range(request.image, "image"), request.plate
    size = Size.of(image)
    if plate is not None:
        plate = _in_range(plate, "plate")
    if request.trimap is not None:
        trimaps.check(request.trimap, size)
    segmentation, notes = request.segmentation, request.notes
    if segmentation is not None:
        segmentation, repairs = masks.unit(segmentation)
        notes += repairs
        if Size.of(segmentation) != size:
            raise RequestError(
                "segmentation-size",
                f"The segmentation is {Size.of(segmentation)} pixels but the picture is {size}.",
                "Make the segmentation at the picture's size.",
            )
    if request.opacity is not None and Size.of(request.opacity) != size:
        raise RequestError(
            "opacity-size",
            f"The opacity is {Size.of(request.opacity)} pixels but the picture is {size}.",
            "Take the alpha of the same picture.",
        )
    return replace(request, image=image, plate=plate, segmentation=segmentation, notes=notes)


def _in_range(picture: Image, what: str) -> Image:
    """Return a picture whose floats are in [0, 1]; what others mean, only adapters know."""
    image = colours(picture, what)
    if image.dtype.kind != "f":
        return image
    low, high = float(image.min()), float(image.max())
    if low < -pixels.ROUNDING or high > 1 + pixels.ROUNDING:
        raise RequestError(
            "image-range",
            f"The {what}'s values reach from {low:g} to {high:g}; floats are 0 to 1.",
            "Divide values of 0 to 255 by 255, or clip highlights to 1.",
        )
    return image if low >= 0 and high <= 1 else np.clip(image, 0, 1)
