"""Plates: registered to the image, and extended where they do not cover it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matteplug.guides import registration
from matteplug.guides.registration import Registration
from matteplug.network import Guide, NetworkSpec
from matteplug.types import (
    FOREGROUND,
    UNKNOWN,
    CancelToken,
    MatteRequest,
    Progress,
    Size,
    Tensor,
    Trimap,
)


def prepare(
    request: MatteRequest,
    spec: NetworkSpec,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> tuple[MatteRequest, Registration | None]:
    """Register the plate to the image, for a network that takes one.

    Args:
        request: the picture and its plate.
        spec: the network.
        progress: called with the fraction of the registration that is done.
        cancel: stops between its steps.

    Returns:
        The request, its plate registered and a trimap used as the segmentation if there is no
        other, if the network takes a plate; and the registration, None if there was none.  Without
        a segmentation the network makes one from the difference to the plate.

    Raises:
        Cancelled: `cancel` was set.
        RequestError: the plate has another aspect ratio, is the image itself, or does not show the
            same scene.
    """
    if spec.guide is not Guide.PLATE or request.plate is None:
        return request, None
    plate = registration.check(request.image, request.plate)
    registered: Registration | None = None
    notes = request.notes
    if request.options.align:
        registered = registration.require(
            registration.register(request.image, plate, progress=progress, cancel=cancel)
        )
        plate = registered.plate
        notes += (f"The plate was registered with a confidence of {registered.confidence:.2f}.",)
        if lacking := max(sum(pair) for pair in registered.reach.margins(Size.of(plate))):
            notes += (
                f"The plate lacks {lacking} px at the edges, where the matte continues its border.",
            )
    segmentation = request.segmentation
    if segmentation is None and request.trimap is not None:
        segmentation = request.trimap.astype(np.float32) / np.float32(FOREGROUND)
    return replace(request, plate=plate, segmentation=segmentation, notes=notes), registered


def completed(
    outputs: dict[str, Tensor], registered: Registration, trimap: Trimap | None
) -> dict[str, Tensor]:
    """Return a network's outputs, (1, C, H, W), continued beyond the plate's edges.

    Known pixels of a trimap are kept.
    """
    margins = registered.reach.margins(Size.of(registered.plate))
    if not any(map(any, margins)) or not registered.reach.area:
        return outputs
    inside, padding = (..., *registered.reach.slices), ((0, 0), (0, 0), *margins)
    completed = {r: np.pad(v[inside], padding, mode="edge") for r, v in outputs.items()}
    if trimap is not None:
        np.copyto(completed["alpha"], outputs["alpha"], where=trimap != UNKNOWN)
    return completed
