"""Guides of a plate network: an imperfect plate, and a coarse, faulty mask.

The plate was taken moments before or after the picture: the camera has moved, exposure and white
balance have shifted, the noise differs (changes in the scene: see `plate_differences`).  Mostly it
has been registered, and the remaining error is small; sometimes it has not, or could not be.
"""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes import camera, colour_maps
from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import U8
from matteplug.training.scenes.noise import Field, Rng, log_uniform

UNREGISTERED_PROBABILITY = 0.25
"""Probability that a plate is as it was taken."""


def captured(rng: Rng, background: Field) -> U8:
    """Return the plate (H, W, 3) uint8 of a background (H, W, 3) float32 [0, 1]."""
    plate = background
    residual = 1.0 if rng.random() < UNREGISTERED_PROBABILITY else 0.25
    if rng.random() < 0.8:
        size = background.shape[0]
        corners = np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32)
        moved = corners + rng.normal(0, residual * log_uniform(rng, 0.3, 4.0), (4, 2))
        moved += rng.normal(0, residual * log_uniform(rng, 0.3, 6.0), 2)
        matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
        border = cv2.BORDER_REFLECT_101
        plate = cv2.warpPerspective(plate, matrix, (size, size), borderMode=border)
    if rng.random() < 0.7:
        gain = colour_maps.scaled(np.exp(residual * (rng.normal(0, 0.08) + rng.normal(0, 0.03, 3))))
        plate = colour_maps.recoloured(plate, gain) ** np.float32(
            np.exp(residual * rng.normal(0, 0.08))
        )
    return camera.expose(rng, plate)


def segmentation(rng: Rng, alpha: U8) -> U8:
    """Return a soft mask (H, W) uint8 of an alpha (H, W) uint8, as made in haste or by a segmenter.

    It is rarely empty.
    """
    size = alpha.shape[0]
    if rng.random() < 0.05:
        return np.zeros_like(alpha)
    mask: U8 = np.where(alpha > rng.uniform(60, 240), 255, 0).astype(np.uint8)
    width = int(log_uniform(rng, 1, 0.12 * size)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    mask = cv2.erode(mask, kernel) if rng.random() < 0.5 else cv2.dilate(mask, kernel)
    for value in (0, 255):  # holes and false islands
        for _ in range(int(rng.integers(0, 4)) if rng.random() < 0.4 else 0):
            centre = outlines.somewhere(rng, size, 0.0, 1.0)
            points = outlines.blob(rng, centre, log_uniform(rng, 0.02, 0.15) * size, points=48)
            cv2.fillPoly(mask, [np.round(points).astype(np.int32)], (value,))
    if rng.random() < 0.5:  # computed at low resolution
        low = max(8, int(size / log_uniform(rng, 2, 12)))
        mask = cv2.resize(mask, (low, low), interpolation=cv2.INTER_AREA)
        mask = cv2.resize(mask, (size, size), interpolation=cv2.INTER_LINEAR)
    softness = log_uniform(rng, 0.5, 0.04 * size) if size > 16 else 0.5
    return cv2.GaussianBlur(mask, (0, 0), softness)
