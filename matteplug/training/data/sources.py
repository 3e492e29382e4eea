"""Where batches come from: the ``--data kind:folder`` arguments and the sources they stand for."""

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

SYNTHETIC = {
    "photos": "photographs: backgrounds of synthetic scenes and of datasets of foregrounds",
    "sprites": "cut-outs with alpha, added to the synthetic scenes",
    "people": "rendered people with alpha, added to the synthetic scenes",
    "subjects": "photographs with taught masks, and their cutouts",
}
"""Kinds of folders that the generator of synthetic scenes takes."""

CAPTURES = "captures"
"""The kind of real pictures that have plates but no true alpha."""

ENTRIES = ("image", "alpha", "trimap", "foreground", "background")
GUIDES = ("plate", "segmentation")


class SceneMaker(Protocol):
    """Makes scenes one by one."""

    def scene(self, number: int, size_px: int) -> Scene:
        """Return scene `number`, the same on every call."""


@dataclass
class SyntheticScenes:
    """Scenes of the generator, at any size; see `SceneSource`.

    Attributes:
        seed: of the scenes.
        folders: photos, and perhaps sprites and people.
        split: which part of the folders is used.
        shards: as for `SceneSource`.
        largest_px: the largest size; drawings serve all sizes.
        requirements: whether plates are made, and whether the whole object is shown.
        holdout_styles: styles that are not drawn.
    """

    seed: int
    folders: Mapping[str, Path]
    split: Split
    shards: int
    largest_px: int
    requirements: DataRequirements = field(default_factory=DataRequirements)
    holdout_styles: tuple[str, ...] = ()
    _opened: dict[int, SceneSource] = field(default_factory=dict, init=False, repr=False)

    def open(self) -> SceneSource:
        """Return the source of the largest scenes.

        Raises:
            RequestError: a folder has no usable file.
        """
        return SceneSource(
            seed=self.seed,
            size_px=self.largest_px,
            photos=self.folders["photos"],
            sprites=self.folders.get("sprites"),
            people=self.folders.get("people"),
            subjects=self.folders.get("subjects"),
            holdout_styles=self.holdout_styles,
            split=self.split,
            shards=self.shards,
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
    """Batches of scenes from several makers, each used as often as the others; a `BatchSource`.

    The scenes of a shard are numbered in one endless row, whatever their sizes: what was drawn or
    read for one scene also serves the next.

    Attributes:
        seed: decides which maker makes which scene.
        makers: one or more; each numbers its own scenes.
        shards: number of workers: worker w makes every scene whose number is w modulo `shards`, so
            that what is slow to draw or read is divided among them and never done twice.
        skipped: sentences about the files of datasets that do not fit and were skipped.
    """

    seed: int
    makers: Sequence[SceneMaker]
    shards: int = 1
    skipped: tuple[str, ...] = ()

    def scene(self, number: int, size_px: int) -> Scene:
        """Return scene `number`."""
        turn, shard = divmod(number, self.shards)
        maker_turn, place = divmod(turn, len(self.makers))
        order = np.random.default_rng([self.seed, shard, maker_turn]).permutation(len(self.makers))
        return self.makers[int(order[place])].scene(maker_turn * self.shards + shard, size_px)

    def batch(self, index: int, plan: BatchPlan) -> Arrays:
        """Return batch number `index`; see `BatchSource`."""
        count, size_px = plan.at(index)
        first, shard = plan.before(index, self.shards), index % self.shards
        numbers = (turn * self.shards + shard for turn in range(first, first + count))
        return collate([self.scene(number, size_px) for number in numbers])


def collate(scenes: Sequence[Scene]) -> Arrays:
    """Return the scenes as one batch of (B, C, H, W) uint8 arrays by entry."""
    guides = (name for name in GUIDES if all(getattr(s, name) is not None for s in scenes))
    entries = (*ENTRIES, *guides)
    batch = {
        name: np.stack([_channels_first(getattr(s, name)) for s in scenes]) for name in entries
    }
    if any(scene.known is not None for scene in scenes):
        known = [np.full_like(s.alpha, 255) if s.known is None else s.known for s in scenes]
        batch["known"] = np.stack([_channels_first(mask) for mask in known])
    return batch


def _channels_first(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1)


def sources(
    settings: TrainSettings, requirements: DataRequirements | None = None
) -> tuple[SceneBatches, SceneBatches]:
    """Return the sources for training and for validation.

    Args:
        settings: name the data.
        requirements: what the recipe requires of it; by default what a trimap network requires.

    Raises:
        TrainingError: an argument is not of the form kind:folder, a kind is unknown, or a dataset's
            files do not fit.
        RequestError: a folder of photographs or cut-outs has no usable file.
    """
    requirements = requirements or DataRequirements()
    folders = _parse(settings.data)
    _check(folders, requirements)
    train = _batches(folders, settings, "train", requirements)
    return train, _batches(folders, settings, "holdout", requirements)


def _parse(arguments: Sequence[str]) -> dict[str, Path]:
    known = SYNTHETIC | {kind: layout.title for kind, layout in datasets.LAYOUTS.items()}
    known[CAPTURES] = "real pictures with plates, without alpha"
    folders: dict[str, Path] = {}
    for argument in arguments:
        kind, separator, folder = argument.partition(":")
        if not separator or not folder:
            raise TrainingError(
                "bad-data",
                f"{argument!r} is not a source of data.",
                "Write it as KIND:DIR, for example photos:DIR.",
            )
        if kind not in known:
            raise TrainingError(
                "unknown-data",
                f"There is no kind of data called {kind!r}.",
                f"Known: {'; '.join(f'{k} ({what})' for k, what in known.items())}.",
            )
        if kind in folders:
            raise TrainingError(
                "data-twice", f"{kind} was named twice.", "Name one folder of each kind."
            )
        folders[kind] = Path(folder)
    return folders


def _check(folders: Mapping[str, Path], requirements: DataRequirements) -> None:
    """Refuse captures and taught alpha where truth is needed, and cut-outs without photographs."""
    if CAPTURES in folders and requirements.truth:
        raise TrainingError(
            "captures-without-truth",
            "Captured pictures have no true alpha, which this training needs.",
            "They are for stage 2 of background matting: --set stage=2",
        )
    if "subjects" in folders and not requirements.portraits:
        raise TrainingError(
            "subjects-without-truth",
            "Taught subjects have no measured edge, which this training needs.",
            "They are for networks without a guide: matteplug train hfam",
        )
    if "photos" not in folders and folders.keys() & SYNTHETIC.keys():
        raise _nothing_to_show()


def _nothing_to_show() -> TrainingError:
    return TrainingError(
        "no-photos",
        "There is nothing to make scenes from.",
        "Name a folder of photographs: --data photos:DIR, or a dataset with alphas.",
    )


def _batches(
    folders: Mapping[str, Path],
    settings: TrainSettings,
    split: Split,
    requirements: DataRequirements,
) -> SceneBatches:
    # The holdout is the same whatever the run's seed, so that runs can be compared.
    seed, shards = (settings.seed, max(1, settings.workers)) if split == "train" else (0, 1)
    sets = [
        datasets.read(kind, folder, split, skip_bad_files=settings.skip_bad_files)
        for kind, folder in folders.items()
        if kind in datasets.LAYOUTS
    ]
    backgrounds = _backgrounds(sets, folders, split)
    makers: list[SceneMaker] = [
        datasets.DatasetScenes(dataset, backgrounds, seed, shards, requirements)
        for dataset in sets
        if not dataset.only_backgrounds
    ]
    if "photos" in folders:
        makers.append(_synthetic(folders, settings, split, requirements, seed=seed, shards=shards))
    if "subjects" in folders:
        makers.append(datasets.TaughtPhotographs(folders["subjects"], split, seed))
    if CAPTURES in folders and split == "train":
        makers.append(datasets.Captures(folders[CAPTURES], seed))
    if not makers:
        raise _nothing_to_show()
    skipped = tuple(sentence for dataset in sets for sentence in dataset.skipped)
    return SceneBatches(seed, makers, shards, skipped)


def _backgrounds(
    sets: Sequence[datasets.Dataset], folders: Mapping[str, Path], split: Split
) -> list[Path]:
    """Return what foregrounds are laid over: the datasets' backgrounds, else the photographs."""
    backgrounds = [path for dataset in sets for path in dataset.backgrounds]
    if not backgrounds and "photos" in folders:
        return Photographs(folders["photos"], split).paths
    return backgrounds


def _synthetic(
    folders: Mapping[str, Path],
    settings: TrainSettings,
    split: Split,
    requirements: DataRequirements,
    *,
    seed: int,
    shards: int,
) -> SyntheticScenes:
    """Return the generator's scenes; the holdout shows every style, so that runs compare."""
    training = split == "train"
    scenes = SyntheticScenes(
        seed=seed,
        folders={kind: folder for kind, folder in folders.items() if kind in SYNTHETIC},
        split=split,
        shards=shards,
        largest_px=max(settings.sizes_px) if training else settings.sizes_px[0],
        requirements=requirements,
        holdout_styles=settings.holdout_styles if training else (),
    )
    scenes.open()  # reports bad folders here rather than in a worker
    return scenes
