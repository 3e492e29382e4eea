"""Plates: registered to the image, and extended where they do not cover it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from matteplug.guides import registration
from matteplug.guides.registration import Registration
from matteplug.images import pixels
from matteplug.network import Guide, NetworkSpec
from matteplug.types import (
    FOREGROUND,
    UNKNOWN,
    Alpha,
    CancelToken,
    Image,
    MatteRequest,
    Progress,
    Size,
    Tensor,
    Trimap,
)

_COLOURLESS = 6 / 255
"""Difference of two channels up to which noise and compression colour a gray plate."""
_GRAY_TRUST = 0.8
"""What a plate without colours leaves of the confidence: what differs in colour only is missed."""
_DARK_STOPS, _DARK_TRUST = 1.5, 0.9
"""By how much a plate may be darker than the picture, and what each further stop leaves of the
confidence: brightened, its shadows are steps and noise."""
_WORTH_TELLING = 0.005
"""Fraction of the picture in which a plate may be lost without a note."""


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
        other, if the network takes a plate, and both in gray if the plate is; and the registration,
        None if there was none.  Without a segmentation the network makes one from the difference to
        the plate.

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
    colourless = _is_gray(plate) and not _is_gray(request.image)
    if colourless:
        request = replace(request, image=_gray(request.image))
        plate = _gray(plate)
        notes += ("The plate has no colours, so the picture was compared with it in gray.",)
    if request.options.align:
        registered = registration.require(
            registration.register(request.image, plate, progress=progress, cancel=cancel)
        )
        plate = registered.plate
        if registered.drift.any():
            notes += ("The plate's light drifts across the picture, which was evened out.",)
        stops = float(np.log2(max(registered.gain.mean(), 1e-6)))
        if stops > _DARK_STOPS:
            notes += (f"The plate is {stops:.1f} stops darker, so its shadows tell little.",)
        if (lost := registered.lost.mean()) >= _WORTH_TELLING:
            notes += (
                f"In {lost:.0%} of the picture the plate is clipped or black and tells nothing: "
                "foreground and background are guessed there.",
            )
        notes += (f"The plate was registered with a confidence of {registered.confidence:.2f}.",)
        if lacking := max(sum(pair) for pair in registered.reach.margins(Size.of(plate))):
            notes += (
                f"The plate lacks {lacking} px at the edges, where the matte continues its border.",
            )
        trust = _DARK_TRUST ** max(0.0, stops - _DARK_STOPS) * (_GRAY_TRUST if colourless else 1)
        registered = replace(registered, confidence=trust * registered.confidence)
    segmentation = request.segmentation
    if segmentation is None and request.trimap is not None:
        segmentation = request.trimap.astype(np.float32) / np.float32(FOREGROUND)
    return replace(request, plate=plate, segmentation=segmentation, notes=notes), registered


def holes(registered: Registration, alpha: Alpha) -> NDArray[np.bool_] | None:
    """Return where the plate is lost amid what it tells is foreground, (H, W); None for nowhere.

    Whatever is there looks like the background that the plate would allow, so that a network makes
    holes: a white shirt before a wall that is clipped.  Lost areas that are bounded by background
    for the most part, like a sky, are left to it.
    """
    from matteplug.opencv import cv2

    if not registered.lost.any():
        return None
    count, labels = cv2.connectedComponents(registered.lost.astype(np.uint8))
    padded, foreground = np.pad(labels, 1), np.pad(alpha > 0.5, 1)
    bounds, by_foreground = np.zeros(count), np.zeros(count)
    for axis in (0, 1):
        for step in (-1, 1):
            outside = np.roll(padded, step, axis) == 0
            edge = outside & (padded > 0)
            bounds += np.bincount(padded[edge], minlength=count)
            edge &= np.roll(foreground, step, axis)
            by_foreground += np.bincount(padded[edge], minlength=count)
    enclosed = by_foreground > 0.5 * bounds
    return np.asarray(enclosed[labels]) if enclosed.any() else None


def _is_gray(image: Image) -> bool:
    every = image[::4, ::4]
    spread = pixels.to_float(np.ascontiguousarray(every.max(axis=2) - every.min(axis=2)))
    return bool(np.quantile(spread, 0.99) <= _COLOURLESS)


def _gray(image: Image) -> Image:
    """Return the luma of Rec. 601, as programs make pictures gray, in three channels."""
    luma = pixels.to_float(image) @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.repeat(pixels.from_float(luma, image.dtype)[..., None], 3, axis=2)


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
