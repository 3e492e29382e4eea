"""A temporal filter: where the picture stays as it is, alpha stays near that of the last frame.

    α'ₜ = αₜ + s wₜ (α'ₜ₋₁ − αₜ),    wₜ = exp(−(dₜ / σ)²)

s is the strength, dₜ the difference of the two pictures, averaged over a few pixels so that noise
does not count as motion.  It looks back only, and follows whatever moves at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteplug.images import pixels
from matteplug.options import option
from matteplug.types import Alpha, Image

_AROUND_PX = 7
_STILL = 2.5 / 255
"""σ: a difference that noise does not reach once it is averaged, and motion at an edge does."""


@dataclass(frozen=True, kw_only=True)
class VideoOptions:
    """What concerns videos only, described as `matteplug.options` says."""

    steady_percent: int = option(
        0,
        label="Steady",
        help="How far alpha stays at that of the last frame where the picture does not change",
        unit="percent",
        low=0,
        high=95,
    )


class Steady:
    """The filter; it remembers the last frame.

    Args:
        strength: s, 0 to 1.
    """

    def __init__(self, strength: float) -> None:
        self._strength = np.float32(strength)
        self._last: tuple[Image, Alpha] | None = None

    def __call__(self, image: Image, alpha: Alpha) -> Alpha:
        """Return the steadier alpha of the next frame.

        Args:
            image: (H, W, 3) uint8, uint16 or float32, every frame of the same size and dtype.
            alpha: (H, W) float32 [0, 1].
        """
        from matteplug.opencv import cv2

        if self._strength == 0:
            return alpha
        if self._last is not None:
            before, last = self._last
            changed = pixels.to_float(image) - pixels.to_float(before)
            mean = np.abs(cv2.blur(changed, (_AROUND_PX, _AROUND_PX))).max(axis=2)
            weight = self._strength * np.exp(-np.square(mean / np.float32(_STILL)))
            alpha = alpha + weight * (last - alpha)
        self._last = image, alpha
        return alpha
