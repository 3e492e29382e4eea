"""Measure a network on the holdout scenes: numbers for the log and a sheet of pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from matteplug.training.data.batch import Batch, to_device
from matteplug.training.data.stream import BatchPlan, BatchSource
from matteplug.training.recipes import Recipe
from matteplug.training.writing import writing

_CROPS_PER_BATCH = 8
_ROWS = 8


class HoldoutScenes:
    """A fixed set of scenes that are never trained on.

    Args:
        source: makes them, from pictures that training does not use.
        count: number of scenes; more than one batch is rounded up to whole batches.
        size_px: their side.
        device: where the network is.
    """

    def __init__(self, source: BatchSource, count: int, size_px: int, device: torch.device) -> None:
        plan = BatchPlan(min(_CROPS_PER_BATCH, count), (size_px,))
        self._arrays = [source.batch(i, plan) for i in range(math.ceil(count / plan.count))]
        self._device = device

    def __iter__(self) -> Iterator[Batch]:
        return (to_device(arrays, self._device) for arrays in self._arrays)

    @torch.no_grad()
    def measure(self, recipe: Recipe, network: nn.Module) -> dict[str, float]:
        """Return mean errors, "sad" (of |α̂ − α|) and "mse".

        The means are over the pixels of all scenes; with a trimap, over the unknown ones.
        """
        absolute = squared = area = 0.0
        for batch in self:
            counts = self._counts(recipe, batch)
            error = (recipe.predict(network, batch).float() - batch.alpha) * counts
            absolute += error.abs().sum().item()
            squared += error.square().sum().item()
            area += counts.sum().item()
        return {"sad": absolute / max(area, 1), "mse": squared / max(area, 1)}

    @torch.no_grad()
    def sheet(self, recipe: Recipe, network: nn.Module, path: Path) -> None:
        """Write a PNG with one row per scene.

        Columns: image, trimap, predicted alpha, true alpha, error in the unknown area.

        Raises:
            TrainingError: it cannot be written.
        """
        from PIL import Image

        rows: list[NDArray[np.uint8]] = []
        for batch in self:
            alpha = recipe.predict(network, batch).float()
            trimap = batch.trimap.unsqueeze(1).float() / 2
            error = (alpha - batch.alpha).abs() * self._counts(recipe, batch)
            columns = [batch.image, trimap, alpha, batch.alpha, error]
            rows += [_row([c[i] for c in columns]) for i in range(len(alpha))]
            if len(rows) >= _ROWS:
                break
        with writing(path):
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(np.concatenate(rows[:_ROWS])).save(path)

    @staticmethod
    def _counts(recipe: Recipe, batch: Batch) -> Tensor:
        counts = batch.unknown if recipe.requirements.trimap else torch.ones_like(batch.alpha)
        return counts if batch.known is None else counts * batch.known


def _row(pictures: list[Tensor]) -> NDArray[np.uint8]:
    """Return (C, H, W) pictures side by side as (H, n·W, 3) uint8."""
    colours = [p.expand(3, -1, -1).clamp(0, 1) for p in pictures]
    side_by_side = torch.cat(colours, dim=2).permute(1, 2, 0)
    return (side_by_side * 255).round().byte().cpu().numpy()
