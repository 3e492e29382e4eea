"""Effects of cameras and their software: exposure, cast, softness, noise, sharpening, JPEG."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from matteplug.training.scenes import colour_maps
from matteplug.training.scenes.drawn.cutout import U8
from matteplug.training.scenes.noise import Field, Rng


def grade(rng: Rng, *layers: Field) -> tuple[Field, ...]:
    """Give all layers the same exposure, gamma and cast; some pictures are desaturated or grey."""
    if rng.random() < 0.6:
        return layers
    change = colour_maps.scaled(rng.uniform(0.75, 1.2) * np.exp(rng.normal(0, 0.05, 3)))
    gamma = np.float32(np.exp(rng.normal(0, 0.25)))
    if rng.random() < 0.25:
        colour = max(0.0, rng.uniform(-0.6, 1.0))
        paler = colour * colour_maps.IDENTITY + (1 - colour) * colour_maps.GREY
        change = colour_maps.then(paler, change)
    return tuple(colour_maps.recoloured(layer, change) ** gamma for layer in layers)


def expose(rng: Rng, image: Field) -> U8:
    """Return a picture (H, W, 3) uint8 of a scene, float32 [0, 1]: softened, noisy, coded."""
    if rng.random() < 0.2:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 0.8))
    if rng.random() < 0.6:
        image = image + noise(rng, image)
    if rng.random() < 0.2:
        image = image + (image - cv2.GaussianBlur(image, (0, 0), 1.0)) * np.float32(
            rng.uniform(0.2, 1)
        )
    picture = quantise(image)
    return jpeg(rng, picture) if rng.random() < 0.35 else picture


def noise(rng: Rng, image: Field) -> Field:
    """Return sensor noise: a constant part, and one that grows with the light's square root."""
    floor, shot = rng.uniform(0.001, 0.015), rng.uniform(0.0, 0.025)
    grain = sensor_grain(image.shape[0])
    top, left = rng.integers(0, image.shape[0], 2)
    grain = grain[top : top + image.shape[0], left : left + image.shape[1]]
    if rng.random() < 0.5:
        grain = -grain[::-1]
    if rng.random() < 0.3:
        grain = cv2.GaussianBlur(grain, (0, 0), 0.8) * np.float32(2.5)
    level = np.float32(floor) + np.float32(shot) * np.sqrt(np.maximum(image, 0))
    noisy: Field = grain * level
    return noisy


@functools.lru_cache(maxsize=4)
def sensor_grain(size: int) -> Field:
    """Return (2·size, 2·size, 3) normal noise, always the same; scenes use parts of it."""
    edge = 2 * size
    return np.random.default_rng(0).standard_normal((edge, edge, 3), dtype=np.float32)


def jpeg(rng: Rng, picture: U8) -> U8:
    """Encode (H, W, 3) uint8 as JPEG of a random quality, and decode."""
    quality = int(rng.integers(55, 98))
    coded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded: U8 = cv2.imdecode(coded, cv2.IMREAD_COLOR)  # type: ignore[assignment]  # never None
    return np.ascontiguousarray(decoded[..., ::-1])


def quantise(layer: Field) -> U8:
    """Return float32 [0, 1] as uint8, rounded."""
    levels: U8 = (np.clip(layer, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    return levels
