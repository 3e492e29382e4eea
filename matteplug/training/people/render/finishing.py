"""From linear light to a picture: depth of field, the lens's softness, exposure, straight colour.

Blurs act on premultiplied colour and alpha together, so that a composite of the blurred cut-out is
what a camera would have seen in front of a smooth background.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.images.srgb import srgb_from_linear
from matteplug.training.people.cameras import SENSOR_MM, Camera
from matteplug.training.people.render.renderer import Render
from matteplug.training.scenes.colour_bleed import extended
from matteplug.training.scenes.noise import Rng

Array = NDArray[Any]
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
BLURS_PX = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Radii of the discs between which depth of field interpolates."""


def finish(rng: Rng, render: Render, camera: Camera, exposure: float, focus_m: float) -> Array:
    """Return (H, W, 4) uint8 straight sRGB with alpha; colour extends to where alpha is 0.

    Args:
        rng: random numbers.
        render: from the renderer.
        camera: that was used.
        exposure: linear grey that the covered area's mean becomes.
        focus_m: distance of the plane of focus; it is sometimes missed.
    """
    light = np.dstack([render.colour, render.alpha])
    if rng.random() < 0.3:
        focus_m *= 1 + rng.normal(0, 0.05) * (rng.random() < 0.3)
        light = defocused(light, render.distance_m, camera, focus_m, rng.uniform(1.4, 5.6))
    light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.35, 0.6))
    alpha = np.clip(light[..., 3], 0, 1)
    straight = np.maximum(light[..., :3], 0) / np.maximum(alpha, 1e-4)[..., None]
    shown = developed(rng, straight, alpha, exposure)
    opacity = alpha[..., None]
    colour = extended(np.dstack([shown * opacity, opacity]).astype(np.float32))
    return np.round(np.dstack([colour, alpha]) * 255).astype(np.uint8)


def defocused(
    light: Array, distance_m: Array, camera: Camera, focus_m: float, f_number: float
) -> Array:
    """Blur premultiplied (H, W, 4) by the circle of confusion at each pixel.

    The circle's size is extended smoothly beyond the person, so that the blur is the same on both
    sides of the edge and opaque areas stay opaque.
    """
    spread = max(1.0, 0.01 * camera.size_px)
    weight = cv2.GaussianBlur(light[..., 3], (0, 0), spread)
    mean = cv2.GaussianBlur(light[..., 3] * distance_m, (0, 0), spread)
    far = cv2.GaussianBlur(light[..., 3], (0, 0), 8 * spread) + 1e-6
    far_mean = cv2.GaussianBlur(light[..., 3] * distance_m, (0, 0), 8 * spread)
    away = np.where(weight > 0.02, mean / np.maximum(weight, 0.02), far_mean / far)
    away = np.where(far > 1e-3, away, focus_m)
    aperture_m = camera.lens_mm / f_number / 1000
    radius_m = 0.5 * aperture_m * np.abs(away - focus_m) / np.maximum(away, 0.1)
    radius_m *= camera.lens_mm / 1000 / max(focus_m - camera.lens_mm / 1000, 0.05)
    radius_px = radius_m * 1000 / SENSOR_MM * camera.size_px
    radius_px = np.clip(radius_px, 0, BLURS_PX[-1])
    stack = [_disc(light, radius) for radius in BLURS_PX]
    level = np.interp(radius_px, BLURS_PX, range(len(BLURS_PX)))
    blurred = np.zeros_like(light)
    for number, layer in enumerate(stack):
        blurred += layer * np.clip(1 - np.abs(level - number), 0, 1)[..., None].astype(np.float32)
    return blurred


def _disc(light: Array, radius_px: float) -> Array:
    if radius_px == 0:
        return light
    reach = int(np.ceil(radius_px))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius_px + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    blurred: Array = cv2.filter2D(light, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE)
    return blurred


def developed(rng: Rng, straight: Array, alpha: Array, exposure: float) -> Array:
    """Return sRGB in [0, 1] of straight linear light, exposed for the person."""
    solid = alpha > 0.9
    mean = 0.2
    if solid.any():
        mean = float(np.exp(np.log(straight[solid] @ LUMA + 1e-3).mean()))
    exposed = straight * np.float32((exposure / mean) ** 0.75)
    if rng.random() < 0.85:
        exposed = exposed * (1 + exposed / 9) / (1 + exposed) * 1.15
    shown: Array = np.clip(srgb_from_linear(exposed), 0, 1)
    return shown


def with_blurred_face(picture: Array, x: float, y: float, radius_px: float) -> Array:
    """Return (H, W, 4) uint8 with a face blurred in colour, as in published portraits."""
    blurred = cv2.GaussianBlur(picture[..., :3], (0, 0), 0.25 * radius_px)
    mask: Array = np.zeros(picture.shape[:2], np.float32)
    middle = round(x), round(y)
    cv2.ellipse(mask, middle, (round(0.8 * radius_px), round(radius_px)), 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.1 * radius_px)[..., None]
    colour = picture[..., :3] * (1 - mask) + blurred * mask
    return np.dstack([np.round(colour).astype(np.uint8), picture[..., 3]])
