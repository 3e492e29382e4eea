"""Where each public dataset keeps its pictures and alphas, and whether they are all there.

| kind          | pictures                       | alphas | held out for validation       |
|---------------|--------------------------------|--------|-------------------------------|
| composition1k | Training_set/**/fg (or fg)     | alpha  | Test_set, else a sixth        |
| mcp20k        | fg                             | alpha  | one in ten, by name           |
| p3m           | train/blurred_image            | mask   | validation/*, else a sixth    |
| am2k          | train/original                 | mask   | validation, else a sixth      |
| aim500        | original                       | mask   | a sixth, by name              |
| bg20k         | train (backgrounds only)       | –      | testval, else a sixth         |

The first two contain foregrounds, which are laid over backgrounds (their own folder ``bg``,
``bg20k:`` or ``photos:``).  Where there are name lists, ``*fg_names.txt`` and ``*bg_names.txt``,
only the files they list are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from matteplug.errors import TrainingError
from matteplug.training.scenes.photographs import SUFFIXES, Split, split_of

_OTHER: Mapping[Split, Split] = {"train": "holdout", "holdout": "train"}
_SHOWN = 5


@dataclass(frozen=True)
class Pair:
    """A picture and its alpha.

    In a dataset of composites the picture is a foreground.
    """

    picture: Path
    alpha: Path


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """The files of one split of a dataset.

    Attributes:
        kind: see the module.
        pairs: pictures with alphas; empty for a dataset of backgrounds.
        backgrounds: pictures to lay foregrounds over.
        composites: number of composites made of each picture, which is a foreground then; 0 where
            pictures are complete.
        skipped: sentences about files that do not fit and were skipped on request.
    """

    kind: str
    pairs: tuple[Pair, ...]
    backgrounds: tuple[Path, ...] = ()
    composites: int = 0
    skipped: tuple[str, ...] = ()

    @property
    def only_backgrounds(self) -> bool:
        """Whether this is a dataset of backgrounds."""
        return not LAYOUTS[self.kind].alphas


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The folders of a kind, as patterns below the dataset's folder; every match is used.

    Attributes:
        title: name for the user.
        pictures: patterns of the folders with pictures, by split; a split without a match takes
            its part of the other's files, by name.
        alphas: name of the folder with alphas beside a folder with pictures; "" for backgrounds.
        composites: composites made of each foreground, by split; empty where pictures are complete.
        holdout_fraction: fraction of the files that is held out where the folders do not say.
    """

    title: str
    pictures: Mapping[Split, tuple[str, ...]]
    alphas: str = "mask"
    composites: Mapping[Split, int] | None = None
    holdout_fraction: float = 1 / 6


LAYOUTS: Mapping[str, Layout] = {
    "composition1k": Layout(
        title="Composition-1k",
        pictures={
            "train": ("Training_set/**/fg", "Train*/fg", "fg"),
            "holdout": ("Test_set/**/fg",),
        },
        alphas="alpha",
        composites={"train": 100, "holdout": 20},
    ),
    "mcp20k": Layout(
        title="MCP-20k",
        pictures={"train": ("fg",), "holdout": ()},
        alphas="alpha",
        composites={"train": 20, "holdout": 10},  # 1 190 × 20 and 133 × 10
        holdout_fraction=1 / 10,
    ),
    "p3m": Layout(
        title="P3M-10k",
        pictures={
            "train": ("train/blurred_image",),
            "holdout": ("validation/*/original_image", "validation/*/blurred_image"),
        },
    ),
    "am2k": Layout(
        title="AM-2k", pictures={"train": ("train/original",), "holdout": ("validation/original",)}
    ),
    "aim500": Layout(title="AIM-500", pictures={"train": ("original",), "holdout": ()}),
    "bg20k": Layout(
        title="BG-20k", pictures={"train": ("train",), "holdout": ("testval",)}, alphas=""
    ),
}


def read(kind: str, folder: Path, split: Split, *, skip_bad_files: bool = False) -> Dataset:
    """Find the files of a dataset and check that they belong together.

    Args:
        kind: one of `LAYOUTS`.
        folder: the dataset's folder.
        split: "train" or "holdout".
        skip_bad_files: skip files that do not fit, and say so in the result.

    Raises:
        TrainingError: the folder or the folders in it are missing, or files are missing or do not
            match (named and counted).
    """
    layout = LAYOUTS[kind]
    places, split_by_name = _places(layout, folder, split)
    faults: list[str] = []
    pairs = _listed_pairs(layout, folder, places, split, faults)
    if split_by_name:
        pairs = [p for p in pairs if split_of(p.picture, layout.holdout_fraction) == split]
    backgrounds = _backgrounds(layout, folder, split, faults) if layout.composites else []
    if not layout.alphas:
        backgrounds, pairs = [pair.picture for pair in pairs], []
    if faults and not skip_bad_files:
        raise _files_do_not_fit(layout, folder, faults)
    return Dataset(
        kind=kind,
        pairs=tuple(pairs),
        backgrounds=tuple(backgrounds),
        composites=layout.composites[split] if layout.composites else 0,
        skipped=tuple(faults),
    )


def _places(layout: Layout, folder: Path, split: Split) -> tuple[list[Path], bool]:
    """Return a split's folders of pictures, and whether file names decide between the splits.

    They do where both splits have to share one set of folders.
    """
    if not folder.is_dir():
        raise TrainingError(
            "dataset-missing",
            f"There is no folder {folder}.",
            f"Name the folder of {layout.title}.",
        )
    of_split, of_other = (_folders(layout, folder, s) for s in (split, _OTHER[split]))
    places = of_split or of_other
    if not places:
        wanted = " or ".join(p for ps in layout.pictures.values() for p in ps)
        raise TrainingError(
            "dataset-layout",
            f"{folder} does not look like {layout.title}: it has no folder {wanted}.",
            "Name the folder that contains it.",
        )
    return places, not (of_split and of_other)


def _folders(layout: Layout, folder: Path, split: Split) -> list[Path]:
    matches = {path for pattern in layout.pictures[split] for path in folder.glob(pattern)}
    return sorted(path for path in matches if path.is_dir())


def _listed_pairs(
    layout: Layout, folder: Path, places: list[Path], split: Split, faults: list[str]
) -> list[Pair]:
    """Return the pairs of all folders; faults are added to `faults`."""
    listed = _names(folder, "fg_names.txt", split)
    pairs = [pair for place in places for pair in _pairs(layout, place, listed, faults)]
    if listed:
        present = {path.name for place in places for path in _pictures(place)}
        _note_missing(listed - present, "fg", faults)
    return pairs


def _pairs(
    layout: Layout, place: Path, listed: frozenset[str], faults: list[str]
) -> Iterator[Pair]:
    """Yield the pairs of a folder; files that do not fit are added to `faults`."""
    files = [path for path in _pictures(place) if not listed or path.name in listed]
    if not layout.alphas:
        yield from (Pair(path, path) for path in files)
        return
    pictures = {path.stem: path for path in files}
    alphas = {path.stem: path for path in _pictures(place.parent / layout.alphas)}
    for stem, picture in pictures.items():
        if stem not in alphas:
            faults.append(f"{picture.relative_to(place.parent)} has no alpha in {layout.alphas}")
        elif (difference := _difference(picture, alphas[stem])) is not None:
            faults.append(f"{picture.relative_to(place.parent)} {difference}")
        else:
            yield Pair(picture, alphas[stem])
    if not listed:
        for stem in alphas.keys() - pictures.keys():
            faults.append(f"{layout.alphas}/{alphas[stem].name} has no picture in {place.name}")


def _backgrounds(layout: Layout, folder: Path, split: Split, faults: list[str]) -> list[Path]:
    """Return the split's part of ``bg``: what its list names, else what the other's does not.

    Without a list, or with one for both splits, the names decide.
    """
    files = _pictures(folder / "bg")
    of_split, of_other = (_names(folder, "bg_names.txt", s) for s in (split, _OTHER[split]))
    if of_split:
        _note_missing(of_split - {path.name for path in files}, "bg", faults)
        files = [path for path in files if path.name in of_split]
    else:
        files = [path for path in files if path.name not in of_other]
    if of_split == of_other:
        files = [path for path in files if split_of(path, layout.holdout_fraction) == split]
    return files


def _files_do_not_fit(layout: Layout, folder: Path, faults: list[str]) -> TrainingError:
    shown = "; ".join(faults[:_SHOWN]) + ("; …" if len(faults) > _SHOWN else "")
    return TrainingError(
        "dataset-files",
        f"{len(faults)} of the files of {layout.title} in {folder} do not fit: {shown}.",
        "Repair them, or skip them with --skip-bad-files.",
    )


def _pictures(place: Path) -> list[Path]:
    return sorted(path for path in place.glob("*") if path.suffix.lower() in SUFFIXES)


def _note_missing(names: Iterable[str], place: str, faults: list[str]) -> None:
    faults += [f"{place}/{name} is in the list, but not there" for name in sorted(names)]


def _names(folder: Path, ending: str, split: Split) -> frozenset[str]:
    """Return the names in the split's list, "training_fg_names.txt" or "test_fg_names.txt".

    Returns:
        An empty set where there is no list.
    """
    start = "test" if split == "holdout" else "train"
    lists = [p for p in sorted(folder.rglob(f"*{ending}")) if p.name.startswith((start, ending))]
    lines = [line.strip() for path in lists for line in path.read_text().splitlines()]
    return frozenset(line for line in lines if line)


def _difference(picture: Path, alpha: Path) -> str | None:
    """Say how a picture and its alpha disagree, None if they match; reads their headers only."""
    from PIL import Image, UnidentifiedImageError

    sizes = []
    for path in (picture, alpha):
        try:
            with Image.open(path) as opened:
                sizes.append(opened.size)
        except (UnidentifiedImageError, OSError):
            return f"cannot be read ({path.parent.name}/{path.name})"
    if sizes[0] != sizes[1]:
        (w, h), (other_w, other_h) = sizes
        return f"is {w}×{h}, its alpha {other_w}×{other_h}"
    return None
