"""From drawn objects to layers of a scene: placed, textured, lit and composited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.training.scenes import colour_maps
from matteplug.training.scenes.drawn.cutout import NEUTRAL, U8, Cutout, MaterialKind
from matteplug.training.scenes.noise import Field, Rng, fractal, log_uniform
from matteplug.training.scenes.textures import Textures

GRID = 8
CUT = 0.02
"""Fraction of an edge from which on an object that touches it counts as cut off by it."""
MARGIN = 0.04
"""Distance of a cut edge outside the view, as a fraction of the view's side, so that rotation does
not reveal it."""


@dataclass(frozen=True)
class Drawn:
    """A cutout ready to be placed many times.

    Attributes:
        channels: (N, N, 3 or 6) uint8, see `Cutout.channels`.
        material, blur_px: see `Cutout`.
        spots: (S, 2) x, y of soft pixels and edges, which crops are centred on.
    """

    channels: U8
    material: MaterialKind
    spots: NDArray[np.float32]
    blur_px: float = 0.0

    @classmethod
    def of(cls, cutout: Cutout) -> Drawn:
        """Make one of a cutout; an empty one has its centre as its only spot."""
        alpha = cutout.alpha
        kernel = np.ones((3, 3), np.uint8)
        edges = cv2.morphologyEx(alpha, cv2.MORPH_GRADIENT, kernel)[::GRID, ::GRID] > 40
        rows, columns = np.nonzero(edges)
        spots = np.stack([columns, rows], axis=1).astype(np.float32) * GRID
        if len(spots) == 0:
            spots = np.full((1, 2), alpha.shape[0] / 2, np.float32)
        return cls(cutout.channels(), cutout.material, spots, cutout.blur_px)


class Placement(NamedTuple):
    """The position of a drawing in the view.

    Attributes:
        spot: (x, y) of the drawing that is at the view's centre.
        zoom, turn, mirrored: the turn is in radians.
        endless: repeat the drawing, mirrored, outside its frame, so that objects cut by it remain
            larger than the view; else it is empty there.
    """

    spot: NDArray[np.float64]
    zoom: float
    turn: float
    mirrored: bool
    endless: bool


def near_edge(rng: Rng, drawn: Drawn, size: int) -> Placement:
    """Choose a pose that shows a part of the drawing near one of its spots."""
    zoom = log_uniform(rng, 0.6, 1.8)
    spot = drawn.spots[int(rng.integers(len(drawn.spots)))]
    spot = spot + rng.uniform(-0.3, 0.3, 2) * size / zoom
    edge = drawn.channels.shape[0]
    margin = min(0.5 * size / zoom, 0.4 * edge)  # keep the crop on the drawing if it fits
    turn = rng.normal(0, 0.5) if rng.random() < 0.7 else rng.uniform(0, 2 * np.pi)
    return Placement(np.clip(spot, margin, edge - margin), zoom, turn, rng.random() < 0.5, True)


def whole(rng: Rng, drawn: Drawn, size: int) -> Placement:
    """Choose a pose that shows the drawing upright and mostly whole.

    Where the drawing's frame cuts the object, so does the view's, lest it end in a straight line in
    front of the background.  Half of the whole objects stand on the frame.
    """
    edge = drawn.channels.shape[0]
    alpha = drawn.channels[..., 0]
    sides = (alpha[:, 0], alpha[0], alpha[:, -1], alpha[-1])
    left, top, right, bottom = (bool((side > 128).mean() > CUT) for side in sides)
    low, high = drawn.spots.min(axis=0), drawn.spots.max(axis=0)
    zoom = size / max(float((high - low).max()), 64.0) * rng.uniform(0.6, 1.3)
    if (left and right) or (top and bottom):
        zoom = max(zoom, size / edge * (1 + 2 * MARGIN))
    reach = size / zoom
    spot = (low + high) / 2 + rng.normal(0, 0.1, 2) * reach
    if not bottom and rng.random() < 0.5:
        spot[1] = high[1] - (0.5 + rng.uniform(0.04, 0.25)) * reach
    if bottom and not top:  # stands on the frame, at any height
        spot[1] = min(high[1] - (0.5 + rng.uniform(MARGIN, 0.25)) * reach, edge - reach / 2)
    nearest = (0.5 + MARGIN) * reach
    spot[0] = max(spot[0], nearest) if left else spot[0]
    spot[0] = min(spot[0], edge - nearest) if right and not left else spot[0]
    spot[1] = max(spot[1], nearest) if top else spot[1]
    return Placement(spot, zoom, rng.normal(0, 0.04), rng.random() < 0.5, False)


def view(drawn: Drawn, size: int, pose: Placement) -> Field:
    """Return the (size, size, 3 or 6) float32 [0, 1] view of a drawing."""
    spot, zoom, turn, mirrored, endless = pose
    pixels = drawn.channels
    while zoom < 0.75:  # halve before warping, lest thin objects alias
        pixels = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        spot, zoom = spot / 2, zoom * 2
    cosine, sine = zoom * np.cos(turn), zoom * np.sin(turn)
    mirror = -1 if mirrored else 1
    matrix = np.array([[cosine * mirror, -sine, 0], [sine * mirror, cosine, 0]])
    matrix[:, 2] = size / 2 - matrix[:, :2] @ spot
    border = cv2.BORDER_REFLECT_101 if endless else cv2.BORDER_CONSTANT
    seen = cv2.warpAffine(pixels, matrix, (size, size), borderMode=border)
    scaled: Field = seen.astype(np.float32) * np.float32(1 / 255)
    return scaled


def densify(rng: Rng, alpha: Field, material: MaterialKind) -> Field:
    """Return 1 − (1 − α)^g: real fur and hair are opaque but for their outermost pixels."""
    if material == "smoke":
        return alpha
    if rng.random() < 0.85:
        alpha = 1 - (1 - alpha) ** np.float32(log_uniform(rng, 1.5, 10.0))
    if rng.random() < 0.02:  # thin, worn or see-through objects
        alpha = alpha * np.float32(rng.uniform(0.5, 0.95))
    return alpha


def colours(
    rng: Rng,
    view: Field,
    material: MaterialKind,
    textures: Textures,
    *,
    behind: Field,
    photo: int,
) -> Field:
    """Return the (H, W, 3) float32 straight colours of a placed object, lit."""
    shade = view[..., 1] * np.float32(255 / NEUTRAL)
    if view.shape[2] == 6:
        base = np.ascontiguousarray(view[..., 3:])
        if rng.random() < 0.3:
            cast = np.exp(rng.normal(0, 0.1, 3))
            base = colour_maps.recoloured(base, colour_maps.scaled(rng.uniform(0.6, 1.4) * cast))
    else:
        base = textures.foreground(rng, material, behind, photo)
        kind = rng.random()
        if kind < 0.8:
            if kind < 0.35:  # two shades of one colour, as of one coat
                second = base * np.float32(rng.uniform(0.4, 1.6))
            else:
                second = textures.foreground(rng, material, behind, photo)
            tone = view[..., 2]
            if rng.random() < 0.4:  # spots, patches, a collar: colours change along the edge too
                patches = fractal(rng, tone.shape[0], (1, 5))
                hard = np.float32(log_uniform(rng, 3, 60))
                tone = np.clip((patches - 0.5) * hard + 0.5 + 0.3 * (tone - 0.5), 0, 1)
            base = colour_maps.mixed(base, second, tone)
    lit: Field = base * colour_maps.spread(light(rng, view[..., 0], shade))
    return np.clip(lit, 0, 1, out=lit)


def light(rng: Rng, alpha: Field, shade: Field) -> Field:
    """Return the factor (H, W) for colours: drawn light, a lit side, rims, shadows."""
    size = alpha.shape[0]
    low = max(size // 4, 16)  # light changes slowly: a quarter of the resolution is enough
    factor = np.ones((low, low), np.float32)
    if rng.random() < 0.6:
        round_ = cv2.resize(alpha, (low, low), interpolation=cv2.INTER_AREA)
        round_ = cv2.GaussianBlur(round_, (0, 0), log_uniform(rng, 1, 8))
        slope_x = cv2.Sobel(round_, cv2.CV_32F, 1, 0, ksize=3)
        slope_y = cv2.Sobel(round_, cv2.CV_32F, 0, 1, ksize=3)
        steepest = float(np.abs(slope_x).max() + np.abs(slope_y).max()) + 1e-3
        angle = rng.uniform(0, 2 * np.pi)
        toward = (slope_x * np.cos(angle) + slope_y * np.sin(angle)) / steepest
        factor = factor * (1 + np.float32(rng.uniform(0.2, 0.9)) * toward)
        factor = factor * (1 + np.float32(rng.uniform(-0.6, 0.4)) * (1 - round_))
    if rng.random() < 0.4:
        factor = factor * (1 - np.float32(rng.uniform(0.2, 0.7)) * fractal(rng, low, (1, 3)))
    factor = cv2.resize(factor.astype(np.float32), (size, size))
    return np.maximum(factor * shade, 0)


def over(colour: Field, alpha: Field, below: Field, below_alpha: Field) -> tuple[Field, Field]:
    """Return straight colours (H, W, 3) and alpha (H, W) of one layer over another."""
    visible = below_alpha * (1 - alpha)
    total = alpha + visible
    # Where neither covers, the foreground takes the upper layer's colour.
    weight = (alpha + np.float32(1e-3)) / (total + np.float32(1e-3))
    return colour_maps.mixed(below, colour, weight), total
