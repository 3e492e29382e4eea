"""Crops of a dataset's pictures, in the form of synthetic scenes.

A complete picture has no separate foreground and background: both are the picture itself, so that
the composition loss ignores it, as it should.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.errors import TrainingError
from matteplug.training.data.datasets.layouts import Dataset, Pair
from matteplug.training.data.datasets.pixels import Pictures, around, window
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.scenes import Scene, camera, plate_differences, plates, trimaps
from matteplug.training.scenes.noise import log_uniform
from matteplug.training.scenes.source import composed

U8 = NDArray[np.uint8]
CROPS_PER_PICTURE = 4
"""Successive crops of one picture: reading is what takes time."""
ZOOM = (0.6, 2.0)
"""Least and most picture pixels per crop pixel."""


@dataclass
class DatasetScenes:
    """Crops of a dataset; a scene is determined by seed and number.

    Args:
        dataset: the files.
        backgrounds: pictures to lay foregrounds over, where the dataset's are foregrounds.
        seed: determines the order and the crops.
        shards: as for `SceneSource`: numbers that are equal modulo `shards` share pictures.
        requirements: of the recipe: portraits show the whole object, other crops a part around its
            edge; plates can be made for foregrounds only.

    Raises:
        TrainingError: there are no pictures in this split, no backgrounds for foregrounds, or
            complete pictures where plates are needed.
    """

    dataset: Dataset
    backgrounds: Sequence[Path]
    seed: int
    shards: int = 1
    requirements: DataRequirements = field(default_factory=DataRequirements)
    _pictures: Pictures = field(default_factory=Pictures, repr=False)

    def __post_init__(self) -> None:
        if not self.dataset.pairs:
            raise TrainingError(
                "dataset-empty",
                f"No picture of {self.dataset.kind} belongs to this split.",
                "Add pictures: file names decide the split where the folders do not.",
            )
        if self.dataset.composites and not self.backgrounds:
            raise TrainingError(
                "no-backgrounds",
                f"{self.dataset.kind} has foregrounds, which need backgrounds of this split.",
                "Add some: --data bg20k:DIR or --data photos:DIR",
            )
        if self.requirements.plates and not self.dataset.composites:
            raise TrainingError(
                "no-plates",
                f"{self.dataset.kind} has complete pictures, which have no plates.",
                "Use a dataset of foregrounds, or synthetic scenes: --data photos:DIR",
            )

    def scene(self, number: int, size_px: int) -> Scene:
        """Return scene `number` as a crop of `size_px`²."""
        turn, shard = divmod(number, self.shards)
        place = (turn // CROPS_PER_PICTURE) * self.shards + shard
        rng = np.random.default_rng([self.seed, number, size_px])
        pair, backdrop = self._picture_at(place)
        whole = self._pictures.read(pair.alpha, cv2.IMREAD_GRAYSCALE)
        if self.requirements.portraits:
            view = around(rng, whole, size_px)
        else:
            view = window(rng, whole, size_px * log_uniform(rng, *ZOOM), size_px)
        alpha = view.cut(whole)
        picture = view.cut(self._pictures.read(pair.picture, cv2.IMREAD_COLOR))
        image = foreground = background = picture
        guides: dict[str, U8] = {}
        if backdrop is not None:
            behind = self._pictures.read(backdrop, cv2.IMREAD_COLOR)
            anywhere = np.zeros(behind.shape[:2], np.uint8)
            edge_px = size_px * log_uniform(rng, *ZOOM)
            background = window(rng, anywhere, edge_px, size_px).cut(behind)
            if self.requirements.plates:
                layers = (np.float32(1 / 255) * layer for layer in (background, foreground, alpha))
                empty, behind = plate_differences.between(rng, *layers)
                background = camera.quantise(behind)
                guides["plate"] = plates.captured(rng, empty)
                guides["segmentation"] = plates.segmentation(rng, alpha)
            image = camera.quantise(composed(foreground, alpha, background, 1.0))
        return Scene(
            image=image,
            trimap=trimaps.draw(rng, alpha),
            alpha=alpha,
            foreground=foreground,
            background=background,
            styles=(self.dataset.kind,),
            **guides,
        )

    def _picture_at(self, number: int) -> tuple[Pair, Path | None]:
        """Return the picture at a place of the endless order, and its background, if any.

        Every epoch shows every picture (every composite of every foreground) once, in another
        order; composite c of foreground f always has the same background, as in a dataset that was
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
