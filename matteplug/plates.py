"""Plates: brought onto the image, and the cues that go with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matteplug import registration
from matteplug.errors import RequestError
from matteplug.network import Guide, NetworkSpec
from matteplug.types import FOREGROUND, MatteRequest, Size


def prepare(request: MatteRequest, spec: NetworkSpec) -> tuple[MatteRequest, float | None]:
    """Bring the plate onto the image, for a network that takes one.

    Args:
        request: what was asked for.
        spec: the network that will do it.

    Returns:
        The request, its plate registered and a trimap taken as segmentation where there is no
        other, if the network takes a plate; and the confidence in the plate, None where none was
        registered.  Without any segmentation the network makes one from the plate's difference.

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
    if segmentation is None and request.trimap is not None:
        segmentation = request.trimap.astype(np.float32) / np.float32(FOREGROUND)
    if segmentation is not None and segmentation.shape != request.image.shape[:2]:
        raise RequestError(
            "segmentation-size",
            f"The segmentation is {Size.of(segmentation)}, the image {Size.of(request.image)}.",
        )
    return replace(request, plate=plate, segmentation=segmentation, notes=notes), confidence
