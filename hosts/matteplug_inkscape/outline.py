"""Outlines of paths as masks of the pictures under them.

An outline is JSON, in the coordinates of the picture's element:

    {"frame": [x, y, width, height],        of the element; null for a width or height it lacks
     "fit": "xMidYMid meet",                its preserveAspectRatio
     "shapes": [{"rule": "nonzero",         or "evenodd"
                 "rings": [[[x, y], …], …]}, …]}
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.types import Size

_ALIGNMENT = {"Min": 0.0, "Mid": 0.5, "Max": 1.0}


def mask(data: bytes, size: Size) -> NDArray[np.uint8]:
    """Return which pixels have their centre in one of the shapes: (H, W) uint8, 0 or 255.

    Args:
        data: the outline.
        size: the picture's, in pixels.

    Raises:
        RequestError: no shape lies over the picture.
    """
    outline = json.loads(data)
    origin, scale = _placement(outline["frame"], outline["fit"], size)
    inside = np.zeros((size.height, size.width), bool)
    for shape in outline["shapes"]:
        rings = [(np.asarray(ring, float) - origin) / scale for ring in shape["rings"]]
        winding = _winding(rings, size)
        inside |= winding % 2 == 1 if shape["rule"] == "evenodd" else winding != 0
    if not inside.any():
        raise RequestError(
            "outline-beside",
            "The path does not lie over the picture.",
            "Draw it around the object, on the picture.",
        )
    return np.where(inside, 255, 0).astype(np.uint8)


def _placement(
    frame: Sequence[float | None], fit: str, size: Size
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the position of the picture's corner and the size of its pixels (SVG 1.1, 7.8)."""
    corner = np.array([frame[0] or 0.0, frame[1] or 0.0])
    pixels = np.array(size, float)
    room = np.array([frame[2] or size.width, frame[3] or size.height], float)
    align, _, how = fit.partition(" ")
    if align == "none":
        return corner, room / pixels
    scale = (max if how == "slice" else min)(room / pixels)
    alignment = np.array([_ALIGNMENT[align[1:4]], _ALIGNMENT[align[5:8]]])
    return corner + alignment * (room - scale * pixels), np.array([scale, scale])


def _winding(rings: Sequence[NDArray[Any]], size: Size) -> NDArray[np.int32]:
    """Return how often the rings wind around each pixel's centre, (H, W)."""
    steps = np.zeros((size.height, size.width + 1), np.int32)
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            # rows whose centres lie between the ends; each of them is crossed once
            first, last = np.clip(np.ceil(np.sort([y0, y1]) - 0.5), 0, size.height).astype(int)
            if first == last:
                continue
            rows = np.arange(first, last)
            x = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
            columns = np.clip(np.ceil(x - 0.5), 0, size.width).astype(int)
            np.add.at(steps, (rows, columns), 1 if y1 > y0 else -1)
    winding: NDArray[np.int32] = np.cumsum(steps, axis=1, dtype=np.int32)[:, :-1]
    return winding
