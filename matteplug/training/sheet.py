"""Contact sheets, to look at the data before training on it.

A row shows scenes side by side, each as image, trimap, alpha and foreground, then plate and
segmentation where there are any.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.training.scenes import Scene

U8 = NDArray[np.uint8]


def strip(scene: Scene, edge_px: int) -> U8:
    """Return one scene's pictures side by side, (edge_px, n·edge_px, 3) uint8 RGB."""
    pictures = [scene.image, scene.trimap, scene.alpha, scene.foreground]
    pictures += [guide for guide in (scene.plate, scene.segmentation) if guide is not None]
    size = (edge_px, edge_px)
    tiles = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
    return np.hstack([np.dstack([tile] * 3) if tile.ndim == 2 else tile for tile in tiles])


def sheet(scenes: Iterable[Scene], per_row: int = 2, edge_px: int = 160) -> U8:
    """Return a contact sheet (H, W, 3) uint8 RGB of scenes; the last row is padded with black."""
    strips = [strip(scene, edge_px) for scene in scenes]
    strips += [np.zeros_like(strips[0])] * (-len(strips) % per_row)
    rows = [np.hstack(strips[i : i + per_row]) for i in range(0, len(strips), per_row)]
    return np.vstack(rows)
