"""Read pictures of a dataset and cut squares out of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from matteplug.errors import TrainingError
from matteplug.training.scenes.drawn.cutout import U8
from matteplug.training.scenes.noise import Rng

KEPT = 6
"""Decoded pictures that are kept."""


@dataclass
class Pictures:
    """Reads pictures and keeps the last few."""

    _read: dict[Path, U8] = field(default_factory=dict, repr=False)

    def read(self, path: Path, flags: int) -> U8:
        """Return (H, W) or (H, W, 3) RGB uint8.

        Args:
            path: of the file.
            flags: OpenCV's, IMREAD_COLOR or IMREAD_GRAYSCALE.

        Raises:
            TrainingError: the file cannot be decoded.
        """
        if path not in self._read:
            coded = np.frombuffer(path.read_bytes(), np.uint8)
            pixels = cv2.imdecode(coded, flags) if len(coded) else None
            if pixels is None:
                raise TrainingError(
                    "dataset-damaged", f"{path} cannot be read.", "Repair or remove it."
                )
            while len(self._read) >= KEPT:
                del self._read[next(iter(self._read))]
            self._read[path] = np.asarray(
                pixels[..., ::-1] if pixels.ndim == 3 else pixels, np.uint8
            )
        return self._read[path]


@dataclass(frozen=True)
class Window:
    """A square part of a picture, resized and perhaps mirrored."""

    top: int
    left: int
    edge: int
    size_px: int
    mirrored: bool

    def cut(self, picture: U8) -> U8:
        """Return the part of (H, W) or (H, W, 3) uint8, resized to `size_px`²."""
        part = picture[self.top : self.top + self.edge, self.left : self.left + self.edge]
        how = cv2.INTER_AREA if self.edge > self.size_px else cv2.INTER_CUBIC
        part = np.asarray(
            cv2.resize(part, (self.size_px, self.size_px), interpolation=how), np.uint8
        )
        return np.ascontiguousarray(part[:, ::-1] if self.mirrored else part)


def window(rng: Rng, alpha: U8, edge_px: float, size_px: int) -> Window:
    """Choose a window around a soft pixel of an alpha (H, W) uint8, anywhere if it has none."""
    height, width = alpha.shape
    edge = int(min(edge_px, height, width))
    step = max(1, min(height, width) // 512)  # a few hundred thousand pixels are enough
    sample = alpha[::step, ::step]
    rows, columns = np.nonzero((sample > 0) & (sample < 255))
    centre = rng.uniform(0, (height, width))
    if len(rows):
        spot = int(rng.integers(len(rows)))
        centre = np.array([rows[spot], columns[spot]]) * step + rng.uniform(-0.3, 0.3, 2) * edge
    top, left = np.clip(centre - edge / 2, 0, (height - edge, width - edge)).astype(int)
    return Window(int(top), int(left), edge, size_px, bool(rng.random() < 0.5))


def around(rng: Rng, alpha: U8, size_px: int) -> Window:
    """Choose a window that shows the whole object of an alpha (H, W) uint8, at a random size.

    An object longer than the picture's shorter side is cut to that length; without an object the
    whole picture counts as one.
    """
    shape = np.array(alpha.shape)
    left, top, width, height = cv2.boundingRect(alpha) if alpha.any() else (0, 0, *shape[::-1])
    first, last = np.array([top, left]), np.array([top + height, left + width])
    shorter = int(shape.min())
    edge = int(rng.integers(min(int((last - first).max()), shorter), shorter + 1))
    least, most = np.sort([first, last - edge], axis=0).clip(0, shape - edge)
    row, column = rng.uniform(least, most).round().astype(int)
    return Window(int(row), int(column), edge, size_px, bool(rng.random() < 0.5))
