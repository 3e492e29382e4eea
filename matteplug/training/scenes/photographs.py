"""The user's folders of pictures, split by file name; photographs are decoded when needed."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from matteplug.errors import RequestError
from matteplug.training.scenes.drawn.cutout import U8
from matteplug.training.scenes.noise import Field, Rng, log_uniform

Split = Literal["train", "holdout"]
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
HOLDOUT_FRACTION = 1 / 6
REUSE = 24
"""Scenes after which one of the current photographs of a large folder is replaced."""
SPARE = 16
"""Decoded photographs kept besides the current ones."""


def pictures_in(folder: Path, what: str) -> list[Path]:
    """List the picture files below a folder, by name.

    Raises:
        RequestError: the folder does not exist or has no pictures.
    """
    if not folder.is_dir():
        raise RequestError(
            f"no-{what}", f"There is no folder {folder}.", f"Name a folder of {what}."
        )
    pictures = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not pictures:
        kinds = ", ".join(sorted(SUFFIXES))
        raise RequestError(f"no-{what}", f"{folder} has no {what}.", f"Pictures end in {kinds}.")
    return pictures


def pictures_of(folder: Path, what: str, split: Split) -> list[Path]:
    """List the picture files below a folder that belong to a split; no file belongs to both.

    Raises:
        RequestError: the folder does not exist or has no pictures, or none in this split.
    """
    pictures = [path for path in pictures_in(folder, what) if split_of(path) == split]
    if not pictures:
        raise RequestError(
            f"no-{what}",
            f"None of the {what} in {folder} belongs to the split “{split}”.",
            f"Add {what}: file names decide which sixth is held out for validation.",
        )
    return pictures


def split_of(path: Path, holdout_fraction: float = HOLDOUT_FRACTION) -> Split:
    """Return the split of a picture; the hash of its file name decides."""
    return "holdout" if digest(path) < holdout_fraction * 2**32 else "train"


def digest(path: Path) -> int:
    """Return 32 bits that depend on a file's name only."""
    return int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:4], "big")


def read_rgb(path: Path) -> U8:
    """Return a picture file as (H, W, 3) uint8 RGB.

    Raises:
        RequestError: the file is damaged.
    """
    coded = np.frombuffer(path.read_bytes(), np.uint8)
    pixels = cv2.imdecode(coded, cv2.IMREAD_COLOR) if len(coded) else None
    if pixels is None:
        raise RequestError(
            "file-damaged", f"{path} cannot be read as a picture.", "Remove it and start again."
        )
    return np.ascontiguousarray(pixels[..., ::-1])


class Photographs:
    """A pool of photographs.

    Args:
        folder: searched with its subfolders.
        split: which part to use; the two never have a photograph in common.
        longest_px: photographs are downscaled to this when they are read.
        more: other files of the same split that belong to the pool.
        current: number of photographs a scene chooses among; in a larger folder these change
            slowly, because decoding a photograph costs as much as the rest of a scene.

    Raises:
        RequestError: no photographs, or none in this split.
    """

    def __init__(
        self,
        folder: Path,
        split: Split,
        longest_px: int = 1024,
        current: int = 96,
        more: Sequence[Path] = (),
    ) -> None:
        self.paths = [*pictures_of(folder, "photographs", split), *more]
        self._longest_px = longest_px
        self._current = min(current, len(self.paths))
        self._oldest = 0
        # By hash, so that neighbours in the folder do not come together.
        self._order = sorted(range(len(self.paths)), key=lambda i: digest(self.paths[i]))
        self._decoded: OrderedDict[int, U8] = OrderedDict()

    def __len__(self) -> int:
        return len(self.paths)

    def advance(self, turn: int) -> None:
        """Update the current photographs to those that scene number `turn` chooses among."""
        self._oldest = turn // REUSE

    def picture(self, index: int) -> U8:
        """Return (H, W, 3) uint8 RGB.

        Raises:
            RequestError: the file is damaged.
        """
        if index in self._decoded:
            self._decoded.move_to_end(index)
            return self._decoded[index]
        pixels = read_rgb(self.paths[index])
        scale = self._longest_px / max(pixels.shape[:2])
        if scale < 1:
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        self._decoded[index] = pixels
        if len(self._decoded) > self._current + SPARE:
            self._decoded.popitem(last=False)
        return pixels

    def choose(self, rng: Rng) -> int:
        """Draw the number of one of the current photographs."""
        return self._order[(self._oldest + int(rng.integers(self._current))) % len(self.paths)]

    def crop(self, rng: Rng, index: int, size: int, zoom: tuple[float, float]) -> Field:
        """Return a part (size, size, 3) float32 [0, 1].

        Args:
            rng: random numbers.
            index: number of the photograph.
            size: edge of the part.
            zoom: least and most photograph pixels per pixel of the part.
        """
        picture = self.picture(index)
        height, width = picture.shape[:2]
        edge = int(np.clip(size * log_uniform(rng, *zoom), 8, min(height, width)))
        top, left = int(rng.integers(height - edge + 1)), int(rng.integers(width - edge + 1))
        part = picture[top : top + edge, left : left + edge]
        how = cv2.INTER_AREA if edge > size else cv2.INTER_CUBIC
        part = cv2.resize(part, (size, size), interpolation=how)
        if rng.random() < 0.5:
            part = part[:, ::-1]
        scaled: Field = part.astype(np.float32) * np.float32(1 / 255)
        return scaled

    def colour(self, rng: Rng) -> Field:
        """Return the RGB (3,) float32 [0, 1] of a random pixel."""
        picture = self.picture(self.choose(rng))
        pixel = picture[int(rng.integers(picture.shape[0])), int(rng.integers(picture.shape[1]))]
        colour: Field = pixel.astype(np.float32) / np.float32(255)
        return colour
