"""The pictures of a report: alphas, signed errors, cutouts and close-ups.

All panels are (H, W, 3) uint8 RGB.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matteplug.evaluation.samples import LoadedSample
from matteplug.images import pixels
from matteplug.types import FOREGROUND, UNKNOWN, Alpha, Image, Rect, Size, Trimap

Panel = NDArray[np.uint8]
TOO_OPAQUE, TOO_CLEAR = (255, 150, 40), (70, 150, 255)
"""Error colours that people can tell apart with any colour vision."""
LONGEST_PX = 560
CROPS = 2


def colours(image: Image) -> Panel:
    """Return a picture in 8 bits."""
    return pixels.from_float(pixels.to_float(image), np.uint8)


def gray(alpha: Alpha) -> Panel:
    """Return an alpha as a picture."""
    return np.repeat(pixels.from_float(alpha, np.uint8)[..., np.newaxis], 3, axis=2)


def guide(trimap: Trimap, image: Image) -> Panel:
    """Return a trimap with the picture faintly in its unknown area."""
    shade = np.where(trimap == FOREGROUND, 255, 0).astype(np.uint8)
    panel = np.repeat(shade[..., np.newaxis], 3, axis=2)
    unknown = trimap == UNKNOWN
    panel[unknown] = 96 + colours(image)[unknown] // 4
    return panel


def error(alpha: Alpha, truth: Alpha) -> Panel:
    """Return where an alpha is too opaque or too clear, in strong colours over the faint truth."""
    difference = (alpha - truth)[..., np.newaxis]
    strength = np.sqrt(np.abs(difference))  # so that small errors show
    colour = np.where(difference > 0, TOO_OPAQUE, TOO_CLEAR)
    base = 50 * truth[..., np.newaxis]
    mixed: NDArray[np.float64] = base * (1 - strength) + colour * strength
    return np.rint(mixed).astype(np.uint8)


def cutout(image: Image, foreground: Image, alpha: Alpha) -> Panel:
    """Return straight colours over a checkerboard."""
    backdrop = pixels.checkerboard(Size.of(image), image.dtype)
    return colours(pixels.composite(foreground, alpha, backdrop))


def marked(image: Image, place: Rect) -> Panel:
    """Return a picture with a frame around a place."""
    from matteplug.opencv import cv2

    panel: Panel = colours(image).copy()
    corner = (place.right, place.bottom)
    thick_px = max(round(max(image.shape[:2]) / 150), 1)
    cv2.rectangle(panel, (place.x, place.y), corner, TOO_OPAQUE, thick_px)
    return panel


def worst_places(sample: LoadedSample, alphas: Sequence[Alpha], count: int = CROPS) -> list[Rect]:
    """Return the square places where the alphas err most together, worst first, not overlapping."""
    from matteplug.opencv import cv2

    total: NDArray[np.float32] = np.zeros(sample.truth.shape, np.float32)
    for alpha in alphas:
        total += np.abs(alpha - sample.truth)
    if sample.trimap is not None:
        total[sample.trimap != UNKNOWN] = 0
    height, width = total.shape
    side = min(max(min(height, width) // 5, 64), height, width)
    sums = cv2.blur(total, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    windows: NDArray[np.float32] = np.asarray(sums, np.float32)[
        : height - side + 1, : width - side + 1
    ]
    places: list[Rect] = []
    for _ in range(count):
        y, x = divmod(int(np.argmax(windows)), windows.shape[1])
        if windows[y, x] <= 0:
            break
        places.append(Rect(x, y, side, side))
        windows[max(y - side + 1, 0) : y + side, max(x - side + 1, 0) : x + side] = 0
    return places


def data_uri(panel: Panel, enlarged: bool = False) -> str:
    """Return a panel as the address of an embedded picture.

    Args:
        panel: shrunk to at most `LONGEST_PX`.
        enlarged: grow a small panel to half of that first, pixels staying visible.
    """
    from matteplug.opencv import cv2

    longest = max(panel.shape[:2])
    if longest > LONGEST_PX:
        panel = _scaled(panel, LONGEST_PX / longest, cv2.INTER_AREA)
    elif enlarged and longest < LONGEST_PX // 2:
        panel = _scaled(panel, -(-LONGEST_PX // (2 * longest)), cv2.INTER_NEAREST)
    options = [cv2.IMWRITE_WEBP_QUALITY, 85]
    done, data = cv2.imencode(".webp", panel[..., ::-1], options)
    if not done:
        raise ValueError(f"a panel of shape {panel.shape} could not be encoded")
    return "data:image/webp;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def _scaled(panel: Panel, factor: float, interpolation: int) -> Panel:
    from matteplug.opencv import cv2

    height, width = panel.shape[:2]
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    return np.asarray(cv2.resize(panel, size, interpolation=interpolation), np.uint8)
