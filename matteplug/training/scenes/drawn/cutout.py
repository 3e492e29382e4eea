"""A drawn object before it is coloured: alpha, its light, and the mix of its two colours.

Styles draw super-sampled on a `Canvas` whose three 8-bit channels are premultiplied (alpha,
alpha·shade, alpha·tone): one anti-aliased line then draws coverage, light and colour at once,
nearer strokes over farther ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.training.scenes.noise import Rng, log_uniform

U8 = NDArray[Any]
"""(H, W) or (H, W, C) uint8; OpenCV's annotations do not distinguish dtypes."""
MaterialKind = Literal["strands", "solid", "smoke"]
NEUTRAL = 128
"""The shade that leaves a colour as it is; 64 halves it, 255 doubles it."""
BLUR_PROBABILITY = 0.3
"""Probability that a drawing is out of focus: its thin parts nowhere cover a pixel."""
BLUR_PX = (0.8, 2.5)
"""Least and largest standard deviation of their blur."""


@dataclass(frozen=True, kw_only=True)
class Cutout:
    """An object without colours.

    Attributes:
        alpha: (N, N) uint8, coverage.
        shade: (N, N) uint8, light: colours are multiplied by shade / 128.
        tone: (N, N) uint8, the weight of the second of two textures.
        material: what kind of texture suits it.
        colour: (N, N, 3) uint8 straight RGB of a sprite or a rendered person; None to be textured.
        blur_px: standard deviation of the blur to apply, in pixels of the scene.
    """

    alpha: U8
    shade: U8
    tone: U8
    material: MaterialKind
    colour: U8 | None = None
    blur_px: float = 0.0

    def channels(self) -> U8:
        """Return (N, N, 3) or (N, N, 6) uint8: the arrays that have to be warped together."""
        channels = [self.alpha, self.shade, self.tone]
        stacked = np.dstack(channels)
        return stacked if self.colour is None else np.dstack([stacked, self.colour])


class Canvas:
    """A super-sampled square to draw on; coordinates are those of the enlarged square.

    Args:
        size_px: edge of the finished cutout.
        samples: enlargement.
    """

    def __init__(self, size_px: int, samples: int) -> None:
        self.size_px = size_px
        self.edge = size_px * samples
        self.samples = samples
        self.pixels: U8 = np.zeros((self.edge, self.edge, 3), np.uint8)

    def fill(self, points: NDArray[np.float64], shade: float = NEUTRAL, tone: float = 0) -> None:
        """Fill a polygon (M, 2)."""
        cv2.fillPoly(self.pixels, [fixed(points)], (255, float(shade), float(tone)), cv2.LINE_AA, 4)

    def erase(self, points: NDArray[np.float64]) -> None:
        """Cut a polygon (M, 2) out."""
        cv2.fillPoly(self.pixels, [fixed(points)], (0, 0, 0), cv2.LINE_AA, 4)

    def strokes(
        self, paths: NDArray[np.float64], width: float, shade: float = NEUTRAL, tone: float = 0
    ) -> None:
        """Draw open lines (L, M, 2) of one width (at least one enlarged pixel), light and tone."""
        thickness = max(1, round(width))
        look = (255, min(max(shade, 0), 255), min(max(tone, 0), 255))
        cv2.polylines(self.pixels, list(fixed(paths)), False, look, thickness, cv2.LINE_AA, 4)

    def finish(self, material: MaterialKind) -> Cutout:
        """Average down to the finished size and divide light and tone by alpha."""
        size = (self.size_px, self.size_px)
        small = cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA)
        return from_premultiplied(small, material)

    def focused(self, rng: Rng, material: MaterialKind) -> Cutout:
        """Finish; some drawings are out of focus.

        Feathers, lace and letters never are: benchmarks consist of them, and remain comparable.
        """
        blur_px = log_uniform(rng, *BLUR_PX) if rng.random() < BLUR_PROBABILITY else 0.0
        return replace(self.finish(material), blur_px=blur_px)


def from_premultiplied(channels: U8, material: MaterialKind) -> Cutout:
    """Return a cutout of (N, N, 3) premultiplied channels; light and tone extend beyond alpha."""
    alpha = channels[..., 0]
    covered, lit, toned = cv2.split(channels)
    shade: U8 = cv2.divide(lit, covered, scale=255)
    tone: U8 = cv2.divide(toned, covered, scale=255)
    around = cv2.blur(channels.astype(np.float32), (9, 9))
    thin = covered < 24  # too coarse to divide by: the neighbourhood's mean takes over
    shade[thin], tone[thin] = NEUTRAL, 0
    thin &= around[..., 0] > 0.05
    near = around[thin]
    straight = np.minimum(near[:, 1:] * (255.0 / near[:, :1]), 255)
    shade[thin], tone[thin] = straight.T.astype(np.uint8)
    return Cutout(alpha=alpha, shade=shade, tone=tone, material=material)


def flat(alpha: U8, material: MaterialKind = "solid") -> Cutout:
    """Return an evenly lit cutout of one tone."""
    return Cutout(
        alpha=alpha,
        shade=np.full_like(alpha, NEUTRAL),
        tone=np.zeros_like(alpha),
        material=material,
    )


def fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Convert points to OpenCV's fixed point with four fractional bits."""
    return np.round(points * 16.0).astype(np.int32)
