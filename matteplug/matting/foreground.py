"""Estimate straight foreground colours from an image and its alpha.

The compositing equation I = αF + (1 − α)B is solved for F and B from coarse to fine, as in
multi-level estimation (Germer et al., "Fast Multi-Level Foreground Estimation", 2020).  On each
level F and B first become averages of their neighbourhood, F weighted by α² and B by (1 − α)², and
are then corrected towards the observed colour, as in blur fusion (Forte, "Approximate Fast
Foreground Colour Estimation", 2021).

Every level is processed in tiles, and a tile without partial alpha is only filled, so that time is
linear in the number of pixels and memory is about 12 bytes per pixel in addition to the input and
the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from matteplug.images import pixels
from matteplug.types import Alpha, CancelToken, Image, Progress, Rect, Size, silent

ROUNDS = 2
"""How often F and B are averaged and corrected per level."""
TILE_PX = 256
HALO_PX = 4
"""How far a tile reads beyond itself: more than ROUNDS, and even, to start on a coarser pixel."""
STIFFNESS = 0.03
"""Pull of the average around them on corrected colours; 0 explains the image fully."""
FAINT = 1e-6
"""Weight of a neighbour of the other side: enough to fill where all are, too little to tint."""

_Planes: TypeAlias = NDArray[np.float32]
"""(channels, H, W): whole planes are what numpy and OpenCV work through fastest."""
_Observe: TypeAlias = Callable[[Rect], _Planes]
"""Returns the observed colours and alpha (4, h, w) of a part of a level."""


def estimate(
    image: Image,
    alpha: Alpha,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Image:
    """Return the straight (not premultiplied) colours of the foreground.

    Where alpha is 1 the image's own values are returned, bit for bit.  Where alpha is 0 no
    foreground is seen; the colours there continue the nearest foreground's smoothly, so that a
    cutout that is scaled or blurred afterwards shows no fringe.

    | name   | shape     | dtype                    | range                          |
    |--------|-----------|--------------------------|--------------------------------|
    | image  | (H, W, 3) | uint8, uint16 or float32 | [0, 255], [0, 65535] or [0, 1] |
    | alpha  | (H, W)    | float32                  | [0, 1]                         |
    | result | (H, W, 3) | the image's              | the image's                    |

    `progress` is called after each tile of the picture; `cancel` stops between tiles.

    Raises:
        Cancelled: `cancel` was set.
        ValueError: the shapes do not fit each other.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.shape[:2] != alpha.shape:
        raise ValueError(f"image {image.shape} and alpha {alpha.shape}: not (H, W, 3) and (H, W)")
    foreground: Image = image.copy()
    mixed = alpha < 1.0
    if not mixed.any():
        return foreground
    to_unit = np.float32(1 / pixels.full_scale(image.dtype))

    def observe(area: Rect) -> _Planes:
        planes = np.empty((4, area.height, area.width), np.float32)
        np.multiply(image[area.slices].transpose(2, 0, 1), to_unit, out=planes[:3])
        planes[3] = alpha[area.slices]
        return planes

    size, report, cancel = Size.of(image), progress or silent, cancel or CancelToken()
    half = _halved(observe, size, cancel)
    coarse = _solve(half, _mean_colours(half), cancel)
    done_px = alpha.size // 3  # of all coarser levels: a quarter, a sixteenth, …
    tiles = [tile for tile in _tiles(size, cancel) if mixed[tile.slices].any()]
    work_px = done_px + sum(tile.area for tile in tiles)
    for tile in tiles:
        cancel.check()
        colours = _refine(coarse, observe, size, tile)[:3].transpose(1, 2, 0)  # (h, w, 3)
        colours = pixels.from_float(colours, image.dtype)
        np.copyto(foreground[tile.slices], colours, where=mixed[tile.slices][..., np.newaxis])
        done_px += tile.area
        report(done_px / work_px, "colours")
    return foreground


def _solve(observed: _Planes, start: _Planes, cancel: CancelToken) -> _Planes:
    """Return F and B (6, h, w) of a level (4, h, w), solving the coarser ones from `start` on."""
    size = Size(observed.shape[2], observed.shape[1])

    def observe(area: Rect) -> _Planes:
        y, x = area.slices
        return observed[:, y, x]

    coarse = start if max(size) == 1 else _solve(_halved(observe, size, cancel), start, cancel)
    solved = np.empty((6, size.height, size.width), np.float32)
    for tile in _tiles(size, cancel):
        y, x = tile.slices
        solved[:, y, x] = _refine(coarse, observe, size, tile)
    return solved


def _refine(coarse: _Planes, observe: _Observe, size: Size, tile: Rect) -> _Planes:
    """Return F and B (6, h, w) of a tile, from the coarser level's and the observed colours."""
    area = tile.grown(HALO_PX, HALO_PX).intersection(Rect.from_size(size))
    colours = _doubled(coarse, area)
    observed = observe(area)
    image, alpha = observed[:3], observed[3]
    inner = (slice(None), *tile.relative_to(area).slices)
    if not alpha.any():  # nothing but background, and F goes on as the coarser level has it
        colours[3:] = image
        return colours[inner]
    foreground, background = _Side(alpha), _Side(1.0 - alpha)
    explained = 1.0 / (alpha**2 + (1.0 - alpha) ** 2 + STIFFNESS)
    for channel in range(3):
        F, B = colours[channel], colours[channel + 3]
        for _ in range(ROUNDS):
            F, B = foreground.average(F), background.average(B)
            error = (image[channel] - foreground.fraction * F - background.fraction * B) * explained
            F = np.clip(F + foreground.fraction * error, 0.0, 1.0)
            B = np.clip(B + background.fraction * error, 0.0, 1.0)
        colours[channel], colours[channel + 3] = F, B
    return colours[inner]


class _Side:
    """Foreground or background: its fraction (α or 1 − α), and averages weighted by its square."""

    def __init__(self, fraction: NDArray[np.float32]) -> None:
        self.fraction = fraction
        self._weight = fraction**2 + np.float32(FAINT)
        self._scale = 1.0 / _neighbourhood(self._weight)

    def average(self, colour: NDArray[np.float32]) -> NDArray[np.float32]:
        return _neighbourhood(colour * self._weight) * self._scale


def _neighbourhood(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    from matteplug.opencv import cv2

    return np.asarray(cv2.blur(plane, (3, 3), borderType=cv2.BORDER_REPLICATE))


def _mean_colours(observed: _Planes) -> _Planes:
    """Return the picture's mean F and B (6, 1, 1)."""
    image, alpha = observed[:3], observed[3]
    means = [
        (image * weight).sum(axis=(1, 2)) / weight.sum()
        for weight in (alpha**2 + np.float32(FAINT), (1.0 - alpha) ** 2 + np.float32(FAINT))
    ]
    return np.concatenate(means).reshape(6, 1, 1)


def _halved(observe: _Observe, size: Size, cancel: CancelToken) -> _Planes:
    """Return a level at half its size (4, ⌈h/2⌉, ⌈w/2⌉), each pixel the mean of four."""
    from matteplug.opencv import cv2

    half = np.empty((4, -(-size.height // 2), -(-size.width // 2)), np.float32)
    for tile in _tiles(size, cancel):
        planes = observe(tile)
        if tile.height % 2 or tile.width % 2:
            odd = ((0, 0), (0, tile.height % 2), (0, tile.width % 2))
            planes = np.pad(planes, odd, mode="edge")
        y, x = tile.y // 2, tile.x // 2
        for target, plane in zip(half, planes, strict=True):
            part = cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            target[y : y + part.shape[0], x : x + part.shape[1]] = part
    return half


def _doubled(coarse: _Planes, area: Rect) -> _Planes:
    """Return the part `area`, which starts at even pixels, of a level's colours at double size."""
    from matteplug.opencv import cv2

    height, width = coarse.shape[1:]
    top, left = max(area.y // 2 - 1, 0), max(area.x // 2 - 1, 0)
    bottom = min(-(-area.bottom // 2) + 1, height)
    right = min(-(-area.right // 2) + 1, width)
    y, x = area.y - 2 * top, area.x - 2 * left
    fine = np.empty((len(coarse), area.height, area.width), np.float32)
    for target, plane in zip(fine, coarse[:, top:bottom, left:right], strict=True):
        double = cv2.resize(plane, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
        target[:] = double[y : y + area.height, x : x + area.width]
    return fine


def _tiles(size: Size, cancel: CancelToken) -> Iterator[Rect]:
    """Yield a level's tiles until `cancel` is set."""
    for y in range(0, size.height, TILE_PX):
        for x in range(0, size.width, TILE_PX):
            cancel.check()
            yield Rect(x, y, min(TILE_PX, size.width - x), min(TILE_PX, size.height - y))
