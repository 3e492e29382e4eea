"""Plates: brought onto the image, the cues that go with them, and what lies beyond them."""

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
    """Bring the plate onto the image, for a network that takes one.

    Args:
        request: what was asked for.
        spec: the network that will do it.
        progress: called with the share of the registration that is done.
        cancel: stops between its steps.

    Returns:
        The request, its plate registered and a trimap taken as segmentation where there is no
        other, if the network takes a plate; and the registration, None where nothing was
        registered.  Without any segmentation the network makes one from the plate's difference.

    Raises:
        Cancelled: `cancel` was set.
        RequestError: the plate has another aspect, is the image itself, or does not show the same
            scene.
    """
    if spec.guide is not Guide.PLATE or request.plate is None:
        return request, None
    plate, found = registration.check(request.image, request.plate), None
    notes = request.notes
    if request.options.align:
        found = registration.register(request.image, plate, progress=progress, cancel=cancel)
        found = registration.require(found)
        plate = found.plate
        notes += (f"The plate was registered with a confidence of {found.confidence:.2f}.",)
        if lacking := max(sum(pair) for pair in found.reach.margins(Size.of(plate))):
            notes += (
                f"The plate lacks {lacking} px at the edges; the matte goes on there as beside it.",
            )
    segmentation = request.segmentation
    if segmentation is None and request.trimap is not None:
        segmentation = request.trimap.astype(np.float32) / np.float32(FOREGROUND)
    return replace(request, plate=plate, segmentation=segmentation, notes=notes), found


def completed(
    outputs: dict[str, Tensor], found: Registration, trimap: Trimap | None
) -> dict[str, Tensor]:
    """Return a network's outputs, (1, C, H, W), with what lies beyond the plate as beside it.

    What a trimap knows is kept.
    """
    around = found.reach.margins(Size.of(found.plate))
    if not any(map(any, around)) or 0 in found.reach[2:]:
        return outputs
    inside, margins = (..., *found.reach.slices), ((0, 0), (0, 0), *around)
    completed = {r: np.pad(v[inside], margins, mode="edge") for r, v in outputs.items()}
    if trimap is not None:
        np.copyto(completed["alpha"], outputs["alpha"], where=trimap != UNKNOWN)
    return completed
