"""The shadow that the subject casts: what darkens the plate, kept as black under the cutout.

Where α is that of the subject and s what the shadow leaves of the light, 0 to 1,

    α' = α + (1 − α)(1 − s),    F' = αF / α',

so that over any backdrop B the result is α'F' + (1 − α')B = αF + (1 − α)sB.  Like all blending
here, this is done in encoded values.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matteplug import api
from matteplug.guides import registration
from matteplug.images import pixels
from matteplug.result import Matte
from matteplug.types import Alpha, Image, MatteRequest

_SUBJECT = 0.02
"""From this alpha on, a pixel says something about the subject and nothing about the plate."""
_SMOOTHING = 0.004
"""Standard deviation over which light is compared, in longer sides: noise casts no shadow."""
_NOISE = 0.02
"""Darkening that is not called a shadow."""


def kept(matte: Matte, request: MatteRequest, plate: Path | None) -> Matte:
    """Return a matte with the subject's shadow under it.

    Args:
        matte: of the picture.
        request: what it was made from.
        plate: the file of the clean plate.

    Raises:
        RequestError: the plate cannot be read, or does not show the same scene.
    """
    assert plate is not None, "the adapter refuses this"
    clean = api.request(request.image, plate=plate, chosen=request.options).plate
    assert clean is not None
    clean = registration.check(request.image, clean)
    if request.options.align:
        clean = registration.require(registration.register(request.image, clean)).plate
    alpha = matte.alpha + (1 - matte.alpha) * (1 - light(request.image, clean, matte.alpha))
    share = matte.alpha / np.maximum(alpha, np.float32(1e-6))
    colours = pixels.to_float(matte.foreground) * share[..., None]
    return replace(
        matte, alpha=alpha, foreground=pixels.from_float(colours, matte.foreground.dtype)
    )


def light(image: Image, plate: Image, alpha: Alpha) -> NDArray[np.float32]:
    """Return what shadows leave of the plate's light.

    The channel that is darkened least counts: a shadow darkens all of them, a thing of another
    colour does not.

    | array | shape | dtype | range |
    |---|---|---|---|
    | image, plate | (H, W, 3) | uint8, uint16, float32 | full scale; registered |
    | alpha | (H, W) | float32 | 0 to 1 |
    | returned | (H, W) | float32 | 0 to 1 |
    """
    from matteplug.opencv import cv2

    sigma = max(1.0, _SMOOTHING * max(alpha.shape))
    shows = np.where(alpha < _SUBJECT, np.float32(1), np.float32(1e-4))[..., None]

    def spread(picture: Image) -> NDArray[np.float32]:
        blurred = cv2.GaussianBlur(pixels.to_float(picture) * shows, (0, 0), sigma)
        return np.asarray(blurred, np.float32)

    ratio = (spread(image) + 1e-6) / (spread(plate) + 1e-6)
    left: NDArray[np.float32] = np.clip(ratio.max(axis=2) / np.float32(1 - _NOISE), 0, 1)
    return left
