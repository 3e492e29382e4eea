"""Where batches come from: the ``--data kind:folder`` arguments and the streams they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import TrainingError
from matteplug.training.scenes import Scene, SceneSource
from matteplug.training.settings import TrainSettings
from matteplug.training.stream import Arrays

MADE = {
    "photos": "photographs, for backgrounds and textures of made scenes",
    "sprites": "cut-outs with alpha that made scenes show too",
    "people": "rendered people with alpha that made scenes show too",
}
"""Kinds of folders that the scene generator takes."""

ENTRIES = ("image", "alpha", "trimap", "foreground", "background")


@dataclass
class MadeScenes:
    """Batches of made scenes; the same for the same seed, split and lanes.

    Attributes:
        seed: names the stream.
        folders: photos, and perhaps sprites and people.
        split: "train" or "held": photographs are in one of the two.
        lanes: number of workers; each has objects of its own (see `SceneSource`).
    """

    seed: int
    folders: Mapping[str, Path]
    split: str
    lanes: int
    _opened: dict[int, SceneSource] = field(default_factory=dict, repr=False)

    def open(self, size_px: int) -> SceneSource:
        """Return the source of scenes of a size.

        Raises:
            RequestError: a folder has nothing that can be used.
        """
        if size_px not in self._opened:
            self._opened[size_px] = SceneSource(
                seed=self.seed,
                size_px=size_px,
                photos=self.folders["photos"],
                sprites=self.folders.get("sprites"),
                people=self.folders.get("people"),
                split=self.split,  # type: ignore[arg-type]
                lanes=self.lanes,
            )
        return self._opened[size_px]

    def batch(self, index: int, count: int, size_px: int) -> Arrays:
        """Return batch number `index`; see `BatchSource`."""
        source = self.open(size_px)
        turn, lane = divmod(index, self.lanes)
        first = turn * count
        return collate([source.sample((first + i) * self.lanes + lane) for i in range(count)])


def collate(scenes: Sequence[Scene]) -> Arrays:
    """Return the scenes as one batch of (B, C, H, W) uint8."""
    return {name: np.stack([_planes(getattr(s, name)) for s in scenes]) for name in ENTRIES}


def _planes(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1)


def sources(settings: TrainSettings) -> tuple[MadeScenes, MadeScenes]:
    """Return the sources for training and for validation.

    Raises:
        TrainingError: an argument is not of the form kind:folder, or a kind is unknown.
        RequestError: a folder has nothing that can be used.
    """
    folders = dict(map(_parse, settings.data))
    if "photos" not in folders:
        raise TrainingError(
            "no-photos", "Made scenes need photographs.", "Name a folder of them: --data photos:DIR"
        )
    train = MadeScenes(settings.seed, folders, "train", max(1, settings.workers))
    held = MadeScenes(0, folders, "held", 1)
    train.open(settings.sizes_px[0])  # complains here, not in a worker
    return MadeScenes(train.seed, folders, train.split, train.lanes), held


def _parse(argument: str) -> tuple[str, Path]:
    kind, separator, folder = argument.partition(":")
    if not separator or not folder:
        raise TrainingError(
            "bad-data",
            f"{argument!r} names no data.",
            "Write it as KIND:DIR, for instance photos:DIR.",
        )
    if kind not in MADE:
        raise TrainingError(
            "unknown-data",
            f"There is no kind of data {kind!r}.",
            f"Known: {'; '.join(f'{k} ({what})' for k, what in MADE.items())}.",
        )
    return kind, Path(folder)
