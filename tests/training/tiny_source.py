"""Scenes of a few pixels; apart from the tiny network because workers load no torch."""

from __future__ import annotations

from typing import cast

import numpy as np

from matteplug.training.data.stream import Arrays, BatchPlan


class TinySource:
    """A soft disc somewhere.

    Batch i is the same on every call.  `repeats` makes all batches the first one.
    """

    def __init__(self, seed: int = 0, repeats: bool = False) -> None:
        self._seed, self._repeats = seed, repeats

    def batch(self, index: int, plan: BatchPlan) -> Arrays:
        count, size_px = plan.at(index)
        rng = np.random.default_rng([self._seed, 0 if self._repeats else index])
        y, x = np.mgrid[0:size_px, 0:size_px]
        centre = rng.uniform(0.3, 0.7, (2, count, 1, 1, 1)) * size_px
        distance = np.hypot(x - centre[0], y - centre[1])
        alpha = np.clip((size_px / 3 - distance) / 6 + 0.5, 0, 1)
        trimap = np.where(alpha == 0, 0, np.where(alpha == 1, 255, 128))
        foreground = np.broadcast_to(rng.random((count, 3, 1, 1)), (count, 3, size_px, size_px))
        background = 1 - foreground
        image = alpha * foreground + (1 - alpha) * background
        pictures = {
            "image": image,
            "alpha": alpha,
            "foreground": foreground,
            "background": background,
        }
        scaled = {name: np.uint8(np.round(255 * picture)) for name, picture in pictures.items()}
        return cast(Arrays, scaled | {"trimap": trimap.astype(np.uint8)})


class FailingSource(TinySource):
    def batch(self, index: int, plan: BatchPlan) -> Arrays:
        if index == 2:
            raise RuntimeError("photograph 17 is damaged")
        return super().batch(index, plan)
