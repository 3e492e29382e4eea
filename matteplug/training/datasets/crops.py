"""Crops of a dataset's pictures, in the form of made scenes.

A picture that comes whole has no foreground and background of its own: both are the picture itself,
which makes the composition loss blind to it, as it must be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.errors import TrainingError
from matteplug.training.datasets.layouts import Dataset, Pair
from matteplug.training.scenes import Scene, trimaps
from matteplug.training.scenes.source import composed

U8 = NDArray[np.uint8]
CROPS_A_PICTURE = 4
"""Crops in turn of a picture that was read: reading is what takes time."""
ZOOM = (0.6, 2.0)
"""Pixels of the picture per pixel of the crop, at least and at most."""


@dataclass
class DatasetScenes:
    """Crops of a dataset, scene by scene; determined by seed and number.

    Args:
        dataset: the files.
        backgrounds: pictures to lay foregrounds over, where the dataset's are foregrounds.
        seed: names the order and the crops.
        lanes: as for `SceneSource`: numbers that are equal modulo `lanes` share pictures.

    Raises:
        TrainingError: there are no pictures in this split, or foregrounds without backgrounds.
    """

    dataset: Dataset
    backgrounds: Sequence[Path]
    seed: int
    lanes: int = 1
    _read: dict[Path, U8] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.dataset.pairs:
            raise TrainingError(
                "dataset-empty",
                f"No picture of {self.dataset.kind} belongs to this split.",
                "Add pictures: their names decide which are held where the folders do not.",
            )
        if self.dataset.composites and not self.backgrounds:
            raise TrainingError(
                "no-backgrounds",
                f"{self.dataset.kind} holds foregrounds, which need backgrounds.",
                "Name some: --data bg20k:DIR or --data photos:DIR",
            )

    def scene(self, number: int, size_px: int) -> Scene:
        """Return scene `number` as a crop of `size_px`²."""
        turn, lane = divmod(number, self.lanes)
        shown = (turn // CROPS_A_PICTURE) * self.lanes + lane
        rng = np.random.default_rng([self.seed, number, size_px])
        pair, backdrop = self._shown(shown)
        window = _window(rng, self._open(pair.alpha, cv2.IMREAD_GRAYSCALE), size_px)
        alpha = window.cut(self._open(pair.alpha, cv2.IMREAD_GRAYSCALE))
        picture = window.cut(self._open(pair.picture, cv2.IMREAD_COLOR))
        image = foreground = background = picture
        if backdrop is not None:
            behind = self._open(backdrop, cv2.IMREAD_COLOR)
            background = _window(rng, None, size_px, behind.shape[:2]).cut(behind)
            image = np.round(composed(foreground, alpha, background, 1.0) * 255).astype(np.uint8)
        return Scene(
            image=image,
            trimap=trimaps.draw(rng, alpha),
            alpha=alpha,
            foreground=foreground,
            background=background,
            styles=(self.dataset.kind,),
        )

    def _shown(self, number: int) -> tuple[Pair, Path | None]:
        """Return the picture of a place in the endless order, and what it is laid over.

        Every epoch shows every picture (every composite of every foreground) once, in another
        order; composite c of foreground f always has the same background, as in a set that was
        composited once.
        """
        composites = max(1, self.dataset.composites)
        epoch, place = divmod(number, len(self.dataset.pairs) * composites)
        order = np.random.default_rng([self.seed, epoch]).permutation(
            len(self.dataset.pairs) * composites
        )
        which = int(order[place])
        pair = self.dataset.pairs[which // composites]
        if not self.dataset.composites:
            return pair, None
        chosen = np.random.default_rng([self.seed, 1, which]).integers(len(self.backgrounds))
        return pair, self.backgrounds[int(chosen)]

    def _open(self, path: Path, flags: int) -> U8:
        """Return (H, W) or (H, W, 3) RGB uint8; the last few pictures are kept.

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
            while len(self._read) >= 6:
                del self._read[next(iter(self._read))]
            self._read[path] = np.asarray(
                pixels[..., ::-1] if pixels.ndim == 3 else pixels, np.uint8
            )
        return self._read[path]


@dataclass(frozen=True)
class _Window:
    """A square of a picture, enlarged or reduced, perhaps mirrored."""

    top: int
    left: int
    edge: int
    size_px: int
    mirrored: bool

    def cut(self, picture: U8) -> U8:
        part = picture[self.top : self.top + self.edge, self.left : self.left + self.edge]
        how = cv2.INTER_AREA if self.edge > self.size_px else cv2.INTER_CUBIC
        part = np.asarray(
            cv2.resize(part, (self.size_px, self.size_px), interpolation=how), np.uint8
        )
        return np.ascontiguousarray(part[:, ::-1] if self.mirrored else part)


def _window(
    rng: np.random.Generator, alpha: U8 | None, size_px: int, shape: tuple[int, ...] | None = None
) -> _Window:
    """Choose a window; with an alpha, around one of its soft pixels."""
    height, width = alpha.shape if alpha is not None else shape or (size_px, size_px)
    zoom = np.exp(rng.uniform(*np.log(ZOOM)))
    edge = int(min(size_px * zoom, height, width))
    centre = rng.uniform(0, (height, width))
    if alpha is not None:
        step = max(1, min(height, width) // 512)  # a few hundred thousand pixels are enough
        soft = alpha[::step, ::step]
        rows, columns = np.nonzero((soft > 0) & (soft < 255))
        if len(rows):
            spot = int(rng.integers(len(rows)))
            centre = np.array([rows[spot], columns[spot]]) * step + rng.uniform(-0.3, 0.3, 2) * edge
    top, left = np.clip(centre - edge / 2, 0, (height - edge, width - edge)).astype(int)
    return _Window(int(top), int(left), edge, size_px, bool(rng.random() < 0.5))
