"""Where batches come from: the ``--data kind:folder`` arguments and the streams they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import TrainingError
from matteplug.training.data import datasets
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.data.stream import Arrays, BatchPlan
from matteplug.training.scenes import Scene, SceneSource
from matteplug.training.scenes.photographs import Photographs, Split
from matteplug.training.settings import TrainSettings

MADE = {
    "photos": "photographs, which made scenes and datasets of foregrounds lie over",
    "sprites": "cut-outs with alpha that made scenes show too",
    "people": "rendered people with alpha that made scenes show too",
}
"""Kinds of folders that the scene generator takes."""

CAPTURES = "captures"
"""The kind of real pictures with plates, without truth."""

ENTRIES = ("image", "alpha", "trimap", "foreground", "background")
GUIDES = ("plate", "segmentation")


class Maker(Protocol):
    """Makes scenes one by one."""

    def scene(self, number: int, size_px: int) -> Scene:
        """Return scene `number`, the same on every call."""


@dataclass
class MadeScenes:
    """Scenes of the generator, at any size; see `SceneSource`.

    Attributes:
        folders: photos, and perhaps sprites and people.
        largest_px: the largest size; drawings serve all sizes.
        requirements: whether plates are made, and whether the whole object is shown.
        hold: styles that are not drawn.
    """

    seed: int
    folders: Mapping[str, Path]
    split: Split
    lanes: int
    largest_px: int
    requirements: DataRequirements = field(default_factory=DataRequirements)
    hold: tuple[str, ...] = ()
    _opened: dict[int, SceneSource] = field(default_factory=dict, init=False, repr=False)

    def open(self) -> SceneSource:
        """Return the source of the largest scenes.

        Raises:
            RequestError: a folder has nothing that can be used.
        """
        return SceneSource(
            seed=self.seed,
            size_px=self.largest_px,
            photos=self.folders["photos"],
            sprites=self.folders.get("sprites"),
            people=self.folders.get("people"),
            hold=self.hold,
            split=self.split,
            lanes=self.lanes,
            layout="portrait" if self.requirements.portraits else "crop",
            plates=self.requirements.plates,
        )

    def scene(self, number: int, size_px: int) -> Scene:
        """Return scene `number`."""
        if size_px not in self._opened:
            opened = next(iter(self._opened.values()), None) or self.open()
            self._opened[size_px] = opened.resized(size_px)
        return self._opened[size_px].sample(number)


@dataclass
class SceneBatches:
    """Batches of scenes from several makers, each drawn as often as the others; a `BatchSource`.

    Scenes have the numbers that they would have in one endless row of a lane, whatever their sizes:
    what is drawn or read for one serves the next.

    Attributes:
        seed: decides which maker makes which scene.
        makers: one or more; each numbers its own scenes.
        lanes: number of workers: worker w makes every scene whose number is w modulo `lanes`, so
            that what costs time to draw or read is shared among them and not done twice.
        left_out: sentences about files of datasets that do not fit and were left out.
    """

    seed: int
    makers: Sequence[Maker]
    lanes: int = 1
    left_out: tuple[str, ...] = ()

    def scene(self, number: int, size_px: int) -> Scene:
        """Return scene `number`."""
        turn, lane = divmod(number, self.lanes)
        own_turn, place = divmod(turn, len(self.makers))
        order = np.random.default_rng([self.seed, lane, own_turn]).permutation(len(self.makers))
        return self.makers[int(order[place])].scene(own_turn * self.lanes + lane, size_px)

    def batch(self, index: int, plan: BatchPlan) -> Arrays:
        """Return batch number `index`; see `BatchSource`."""
        count, size_px = plan.at(index)
        first, lane = plan.before(index, self.lanes), index % self.lanes
        numbers = (turn * self.lanes + lane for turn in range(first, first + count))
        return collate([self.scene(number, size_px) for number in numbers])


def collate(scenes: Sequence[Scene]) -> Arrays:
    """Return the scenes as one batch of (B, C, H, W) uint8."""
    given = (name for name in GUIDES if all(getattr(s, name) is not None for s in scenes))
    entries = (*ENTRIES, *given)
    return {name: np.stack([_planes(getattr(s, name)) for s in scenes]) for name in entries}


def _planes(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1)


def sources(
    settings: TrainSettings, requirements: DataRequirements | None = None
) -> tuple[SceneBatches, SceneBatches]:
    """Return the sources for training and for validation.

    Args:
        settings: name the data.
        requirements: what the recipe asks of it; by default what a trimap network asks.

    Raises:
        TrainingError: an argument is not of the form kind:folder, a kind is unknown, or a dataset's
            files do not fit.
        RequestError: a folder of photographs or cut-outs has nothing that can be used.
    """
    requirements = requirements or DataRequirements()
    return _batches(settings, "train", requirements), _batches(settings, "held", requirements)


def _batches(settings: TrainSettings, split: Split, requirements: DataRequirements) -> SceneBatches:
    folders = _parse(settings.data)
    # What is held is the same whatever the run's seed, so that runs can be compared.
    seed, lanes = (settings.seed, max(1, settings.workers)) if split == "train" else (0, 1)
    made = {kind: folder for kind, folder in folders.items() if kind in MADE}
    sets = [
        datasets.read(kind, folder, split, leave_out=settings.leave_out)
        for kind, folder in folders.items()
        if kind in datasets.LAYOUTS
    ]
    backgrounds = [path for dataset in sets for path in dataset.backgrounds]
    if not backgrounds and "photos" in made:
        backgrounds = Photographs(made["photos"], split).paths
    makers: list[Maker] = [
        datasets.DatasetScenes(dataset, backgrounds, seed, lanes, requirements)
        for dataset in sets
        if not dataset.only_backgrounds
    ]
    if "photos" in made:
        # held scenes show every style, so that runs that hold back others can be compared
        hold = settings.hold if split == "train" else ()
        largest_px = max(settings.sizes_px) if split == "train" else settings.sizes_px[0]
        scenes = MadeScenes(seed, made, split, lanes, largest_px, requirements, hold)
        scenes.open()  # complains here, not in a worker
        makers.append(scenes)
    if CAPTURES in folders and requirements.truth:
        raise TrainingError(
            "captures-without-truth",
            "Captured pictures have no true alpha, which this training needs.",
            "They are for stage 2 of background matting: --set stage=2",
        )
    if CAPTURES in folders and split == "train":
        makers.append(datasets.Captures(folders[CAPTURES], seed))
    if not makers or (made.keys() - {"photos"} and "photos" not in made):
        raise TrainingError(
            "no-photos",
            "There is nothing to make scenes from.",
            "Name a folder of photographs: --data photos:DIR, or a dataset with alphas.",
        )
    left_out = tuple(sentence for dataset in sets for sentence in dataset.left_out)
    return SceneBatches(seed, makers, lanes, left_out)


def _parse(arguments: Sequence[str]) -> dict[str, Path]:
    known = MADE | {kind: layout.title for kind, layout in datasets.LAYOUTS.items()}
    known[CAPTURES] = "real pictures with plates, without alpha"
    folders: dict[str, Path] = {}
    for argument in arguments:
        kind, separator, folder = argument.partition(":")
        if not separator or not folder:
            raise TrainingError(
                "bad-data", f"{argument!r} names no data.", "Write it as KIND:DIR, like photos:DIR."
            )
        if kind not in known:
            raise TrainingError(
                "unknown-data",
                f"There is no kind of data {kind!r}.",
                f"Known: {'; '.join(f'{k} ({what})' for k, what in known.items())}.",
            )
        if kind in folders:
            raise TrainingError(
                "data-twice", f"{kind} was named twice.", "Name one folder of each kind."
            )
        folders[kind] = Path(folder)
    return folders
