"""Pictures whose matte is known, at any size: synthetic ones, and real ones scaled up."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.images import pixels
from matteplug.types import BACKGROUND, FOREGROUND, UNKNOWN, Size


class KnownPicture(NamedTuple):
    """A picture whose matte is known."""

    image: NDArray[np.uint8]
    trimap: NDArray[np.uint8]
    alpha: NDArray[np.float32]


def synthetic(size: Size, unknown: float, hair: float = 0.12) -> KnownPicture:
    """Return a hairy blob over a photograph-like backdrop, a fraction `unknown` of it unknown."""
    rng = np.random.default_rng(0)
    alpha = blob_with_hair(size, hair, rng)
    front = clouds(size, rng, (0.55, 0.35, 0.2))
    behind = clouds(size, rng, (0.3, 0.5, 0.6))
    mixed = alpha[..., None] * front + (1 - alpha[..., None]) * behind
    mixed += np.float32(2 / 255) * rng.standard_normal(mixed.shape, np.float32)
    image = np.clip(np.rint(mixed * 255), 0, 255).astype(np.uint8)
    return KnownPicture(image, trimap_of(alpha, unknown), alpha)


def blob_with_hair(size: Size, hair: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the alpha of a disc with strands of up to `hair` radii, some thinner than a pixel."""
    canvas = np.zeros((size.height, size.width), np.uint8)
    centre = np.array([size.width / 2, size.height * 0.55])
    radius = 0.27 * size.height
    cv2.circle(canvas, tuple(int(c) for c in centre), int(radius), 255, -1, cv2.LINE_AA)
    for _ in range(1500):
        angle = rng.uniform(0, 2 * np.pi)
        steps = np.linspace(0.95, 1 + rng.uniform(0.15, 1) * hair, 12)
        bend = angle + rng.normal(0, 0.12) * (steps - 0.95) * 8
        points = centre + radius * steps[:, None] * np.stack([np.cos(bend), np.sin(bend)], axis=1)
        width = max(1, round(size.height / 3000 * float(rng.uniform(1, 4))))
        points = np.rint(points * 16).astype(np.int32)
        cv2.polylines(canvas, [points], False, 255, width, cv2.LINE_AA, shift=4)
    soft = np.asarray(cv2.GaussianBlur(canvas, (0, 0), size.height / 3000))
    return pixels.to_float(soft)


def clouds(
    size: Size, rng: np.random.Generator, colour: tuple[float, float, float]
) -> NDArray[np.float32]:
    """Return smooth colours with texture on every scale down to a few pixels."""
    total = np.full((size.height, size.width, 3), colour, np.float32)
    for octave in range(3, 10):
        deviation = 0.16 / 1.5 ** (octave - 3)
        grid = deviation * rng.standard_normal((2**octave, 2**octave, 3), np.float32)
        total += cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(total, 0, 1))


def trimap_of(alpha: NDArray[np.float32], unknown: float) -> NDArray[np.uint8]:
    """Return the trimap whose band around partial alpha is a fraction `unknown` of the picture."""
    partial = (alpha > 0) & (alpha < 1)
    away = cv2.distanceTransform((~partial).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    radius = float(np.quantile(np.asarray(away)[::4, ::4], unknown))
    trimap = np.where(alpha > 0.5, FOREGROUND, BACKGROUND).astype(np.uint8)
    trimap[np.asarray(away) <= radius] = UNKNOWN
    return trimap


def scaled_up(
    shared: Path, name: str, megapixels: float | None = None, trimap: str = "trimap1"
) -> KnownPicture:
    """Return a picture of alphamatting.com, scaled to a size if one is given."""
    folder = shared / "eval" / "alphamatting"
    image = np.asarray(cv2.imread(str(folder / "input" / f"{name}.png")))[..., ::-1]
    guide = np.asarray(cv2.imread(str(folder / trimap / f"{name}.png"), 0), np.uint8)
    alpha = np.asarray(cv2.imread(str(folder / "alpha" / f"{name}.png"), 0))
    if megapixels is None:
        return KnownPicture(np.asarray(image, np.uint8), guide, pixels.to_float(alpha))
    factor = (megapixels * 1e6 / guide.size) ** 0.5
    size = Size(round(guide.shape[1] * factor), round(guide.shape[0] * factor))
    larger = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_CUBIC))
    return KnownPicture(
        np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8),
        np.asarray(cv2.resize(guide, size, interpolation=cv2.INTER_NEAREST), np.uint8),
        pixels.to_float(larger),
    )
