"""Edge controls: what a person adjusts on a finished matte, as in Photoshop's Select and Mask.

    alpha ─► islands, holes ─► smooth ─► feather ─► contrast ─► shift edge ─► alpha
    colours ─► decontaminate ─► colours

Every control is a pure function.  Its default changes nothing, and then the same array is returned.
They work through those parts of a picture only that are not far from a soft or hard edge, so that
dragging a control is quick on a large picture.

Colours are estimated before the edge is adjusted: how much of the background shows in a pixel
depends on the subject and not on how its edge is drawn.  Islands and holes come first for the same
reason: what is filled gets the picture's own colours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from matteplug import options
from matteplug.images import pixels
from matteplug.matting import islands
from matteplug.types import Alpha, Image, MatteOptions, Rect, Size

__all__ = [
    "adjust",
    "contrast",
    "decontaminate",
    "feather",
    "margin_px",
    "shift_edge",
    "smooth",
    "tidy",
    "without",
]

GROUP = "Edge"
"""The group of the edge controls among the options."""
_TILE_PX = 128
_SHIFT = 16.0
"""By how much a full shift multiplies the odds α / (1 − α)."""


def without(chosen: MatteOptions) -> MatteOptions:
    """Return the options with every edge control at its default, which changes nothing."""
    controls = [one for one in options.of(MatteOptions) if one.group == GROUP]
    return replace(chosen, **{one.name: one.default for one in controls})


def tidy(alpha: Alpha, options: MatteOptions) -> Alpha:
    """Return an alpha without small islands and small holes.

    An island is known by its size, so that this takes the whole picture and not a part of it.

    Args:
        alpha: (H, W) float32 [0, 1].
        options: of which remove_islands_px and fill_holes_px matter.

    Returns:
        (H, W) float32 [0, 1]; the same array where nothing changes.
    """
    if options.remove_islands_px:
        alpha = islands.remove_islands(alpha, options.remove_islands_px)
    if options.fill_holes_px:
        alpha = islands.fill_holes(alpha, options.fill_holes_px)
    return alpha


def adjust(alpha: Alpha, options: MatteOptions) -> Alpha:
    """Return an alpha with its edge smoothed, feathered, steepened and shifted, in this order.

    For a rectangle of a picture, pass the rectangle grown by `margin_px`, clipped to the picture,
    and keep what lies in the rectangle: it is what the whole picture gives.

    Args:
        alpha: (H, W) float32 [0, 1], as `tidy` returns it.
        options: of which smooth_px, feather_px, contrast_percent and shift_edge_percent matter.

    Returns:
        (H, W) float32 [0, 1]; the same array where no option is set.
    """
    every: list[tuple[Callable[[Alpha, int], Alpha], int]] = [
        (smooth, options.smooth_px),
        (feather, options.feather_px),
        (contrast, options.contrast_percent),
        (shift_edge, options.shift_edge_percent),
    ]
    steps = [(control, amount) for control, amount in every if amount]
    if not steps:
        return alpha
    reach_px = margin_px(options)
    result: Alpha = alpha.copy()
    whole = Rect.from_size(Size.of(alpha))
    for part in _parts(alpha, reach_px):
        read = part.grown(reach_px, reach_px).intersection(whole)
        changed = alpha[read.slices]
        for control, amount in steps:
            changed = control(changed, amount)
        result[part.slices] = changed[part.relative_to(read).slices]
    return result


def margin_px(options: MatteOptions) -> int:
    """Return how far from a pixel the alpha lies that `adjust` reads for it."""
    return options.smooth_px + options.feather_px


def smooth(alpha: Alpha, radius_px: int) -> Alpha:
    """Return an alpha whose outline has no hills and valleys narrower than about the radius.

    The change is that of a median of (2 radius + 1)² pixels, which keeps straight edges, hard and
    soft; it is computed in steps of 1/255.

    Args:
        alpha: (H, W) float32 [0, 1].
        radius_px: 0 or more.

    Returns:
        (H, W) float32 [0, 1].
    """
    from matteplug.opencv import cv2

    if not radius_px:
        return alpha
    coarse = pixels.from_float(alpha, np.uint8)
    median = cv2.medianBlur(coarse, 2 * radius_px + 1)
    change = np.asarray(cv2.subtract(median, coarse, dtype=cv2.CV_32F), np.float32)
    smoothed: Alpha = np.clip(alpha + change / 255, 0, 1)
    return smoothed


def feather(alpha: Alpha, radius_px: int) -> Alpha:
    """Return an alpha whose edge is blurred, up to a radius to both sides of it.

    Three averages of squares whose radii add up to the given one, which is close to a Gaussian.

    Args:
        alpha: (H, W) float32 [0, 1].
        radius_px: 0 or more.

    Returns:
        (H, W) float32 [0, 1].
    """
    from matteplug.opencv import cv2

    for part in range(3):
        side = 2 * ((radius_px + part) // 3) + 1
        if side > 1:
            alpha = np.asarray(cv2.blur(alpha, (side, side), borderType=cv2.BORDER_REPLICATE))
    return np.clip(alpha, 0, 1) if radius_px else alpha


def contrast(alpha: Alpha, percent: int) -> Alpha:
    """Return an alpha whose soft transitions are steeper around one half.

    Args:
        alpha: (H, W) float32 [0, 1].
        percent: 0 to 100; 50 halves the width of a transition, 100 leaves a hard edge.

    Returns:
        (H, W) float32 [0, 1].
    """
    if not percent:
        return alpha
    half, slope = np.float32(0.5), np.float32(1 / max(1e-6, 1 - percent / 100))
    steeper: Alpha = np.clip((alpha - half) * slope + half, 0, 1)
    return steeper


def shift_edge(alpha: Alpha, percent: int) -> Alpha:
    """Return an alpha whose soft edge is moved outward or, for less than 0, inward.

    The odds α / (1 − α) are multiplied by 16 to the power of the shift: at 100 % the edge runs
    where alpha was 1/17, at -100 % where it was 16/17.  What is 0 or 1 stays, so that a hard edge
    has to be feathered before it moves.

    Args:
        alpha: (H, W) float32 [0, 1].
        percent: -100 to 100.

    Returns:
        (H, W) float32 [0, 1].
    """
    if not percent:
        return alpha
    odds = np.float32(_SHIFT ** (percent / 100))
    shifted: Alpha = np.clip(alpha * odds / (1 + (odds - 1) * alpha), 0, 1)
    return shifted


def decontaminate(image: Image, foreground: Image, percent: int) -> Image:
    """Return colours between the picture's own and those without the background's share.

    | name       | shape     | dtype                    | range                          |
    |------------|-----------|--------------------------|--------------------------------|
    | image      | (H, W, 3) | uint8, uint16 or float32 | [0, 255], [0, 65535] or [0, 1] |
    | foreground | as image  | the image's              | the image's                    |
    | result     | as image  | the image's              | the image's                    |

    Args:
        image: the picture.
        foreground: its straight foreground colours, such as `foreground.estimate` returns.
        percent: 0 is the picture, 100 the foreground, the same arrays.
    """
    from matteplug.opencv import cv2

    if percent in (0, 100):
        return foreground if percent else image
    amount = percent / 100
    mixed: Image = cv2.addWeighted(foreground, amount, image, 1 - amount, 0)
    if image.dtype.kind == "f":  # where the two are equal, the sum may be off by its rounding
        np.copyto(mixed, image, where=foreground == image)
    return mixed


def _parts(alpha: Alpha, reach_px: int) -> Iterator[Rect]:
    """Yield the rectangles, tiles or several in a row, around which not all is 0 or all is 1."""
    from matteplug.opencv import cv2

    size = Size.of(alpha)
    rows, columns = -(-size.height // _TILE_PX), -(-size.width // _TILE_PX)
    clear, opaque = (np.zeros((rows, columns), np.uint8) for _ in range(2))  # in part
    for row in range(rows):
        for column in range(columns):
            y, x = row * _TILE_PX, column * _TILE_PX
            least, most, _, _ = cv2.minMaxLoc(alpha[y : y + _TILE_PX, x : x + _TILE_PX])
            clear[row, column], opaque[row, column] = least < 1, most > 0
    around = 2 * -(-reach_px // _TILE_PX) + 1
    square = np.ones((around, around), np.uint8)
    mixed = np.logical_and(cv2.dilate(clear, square), cv2.dilate(opaque, square))
    for row in range(rows):
        y = row * _TILE_PX
        ends = np.flatnonzero(np.diff(mixed[row].astype(np.int8), prepend=0, append=0))
        for first, last in zip(ends[::2], ends[1::2], strict=True):
            x, right = int(first) * _TILE_PX, min(int(last) * _TILE_PX, size.width)
            yield Rect(x, y, right - x, min(_TILE_PX, size.height - y))
