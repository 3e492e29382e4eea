"""Where each public dataset keeps its pictures and alphas, and whether they are all there.

| kind          | pictures                       | alphas | held for validation           |
|---------------|--------------------------------|--------|-------------------------------|
| composition1k | Training_set/**/fg (or fg)     | alpha  | Test_set, else a sixth        |
| mcp20k        | fg                             | alpha  | one in ten, by name           |
| p3m           | train/blurred_image            | mask   | validation/*, else a sixth    |
| am2k          | train/original                 | mask   | validation, else a sixth      |
| aim500        | original                       | mask   | a sixth, by name              |
| bg20k         | train (backgrounds only)       | –      | testval, else a sixth         |

The first two hold foregrounds, which are laid over backgrounds (a folder ``bg`` of theirs,
``bg20k:`` or ``photos:``).  Name lists, ``*fg_names.txt`` and ``*bg_names.txt``, say which files
count, where there are any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from matteplug.errors import TrainingError
from matteplug.training.scenes.photographs import SUFFIXES, Split, split_of

_OTHER: Mapping[Split, Split] = {"train": "held", "held": "train"}
_SHOWN = 5


@dataclass(frozen=True)
class Pair:
    """A picture and its alpha.

    The picture is a foreground where the dataset is one of composites.
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
        composites: pictures are foregrounds, to be composited; each is used so many times (0: they
            are not).
        left_out: sentences about files that do not fit, left out on request.
    """

    kind: str
    pairs: tuple[Pair, ...]
    backgrounds: tuple[Path, ...] = ()
    composites: int = 0
    left_out: tuple[str, ...] = ()

    @property
    def only_backgrounds(self) -> bool:
        """Tell whether this is a dataset of backgrounds."""
        return not LAYOUTS[self.kind].alphas


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The folders of a kind, as patterns below the dataset's folder; all that match count.

    Attributes:
        title: what a person reads.
        pictures: patterns of the folders with pictures, by split; a split without a match is taken
            from the other's files, by name.
        alphas: name of the folder with alphas beside a folder with pictures; "" for backgrounds.
        composites: composites made of each foreground, by split; empty where pictures are complete.
        held_share: share of the files that is held where the folders do not say.
    """

    title: str
    pictures: Mapping[Split, tuple[str, ...]]
    alphas: str = "mask"
    composites: Mapping[Split, int] | None = None
    held_share: float = 1 / 6


LAYOUTS: Mapping[str, Layout] = {
    "composition1k": Layout(
        title="Composition-1k",
        pictures={"train": ("Training_set/**/fg", "Train*/fg", "fg"), "held": ("Test_set/**/fg",)},
        alphas="alpha",
        composites={"train": 100, "held": 20},
    ),
    "mcp20k": Layout(
        title="MCP-20k",
        pictures={"train": ("fg",), "held": ()},
        alphas="alpha",
        composites={"train": 20, "held": 10},  # 1 190 × 20 and 133 × 10
        held_share=1 / 10,
    ),
    "p3m": Layout(
        title="P3M-10k",
        pictures={
            "train": ("train/blurred_image",),
            "held": ("validation/*/original_image", "validation/*/blurred_image"),
        },
    ),
    "am2k": Layout(
        title="AM-2k", pictures={"train": ("train/original",), "held": ("validation/original",)}
    ),
    "aim500": Layout(title="AIM-500", pictures={"train": ("original",), "held": ()}),
    "bg20k": Layout(
        title="BG-20k", pictures={"train": ("train",), "held": ("testval",)}, alphas=""
    ),
}


def read(kind: str, folder: Path, split: Split, *, leave_out: bool = False) -> Dataset:
    """Find the files of a dataset and check that they belong together.

    Args:
        kind: one of `LAYOUTS`.
        folder: the dataset's folder.
        split: "train" or "held".
        leave_out: leave out files that do not fit, and say so in the result.

    Raises:
        TrainingError: the folder or the folders in it are missing, or files are missing or do not
            match (named and counted).
    """
    layout = LAYOUTS[kind]
    if not folder.is_dir():
        raise TrainingError(
            "dataset-missing",
            f"There is no folder {folder}.",
            f"Name the folder of {layout.title}.",
        )
    own, others = (_folders(layout, folder, s) for s in (split, _OTHER[split]))
    places = own or others
    if not places:
        wanted = " or ".join(p for ps in layout.pictures.values() for p in ps)
        raise TrainingError(
            "dataset-layout",
            f"{folder} does not look like {layout.title}: it has no folder {wanted}.",
            "Name the folder that holds it.",
        )
    wrong: list[str] = []
    listed = _names(folder, "fg_names.txt", split)
    pairs = [pair for place in places for pair in _pairs(layout, place, listed, wrong)]
    if listed:
        _miss(listed - {path.name for place in places for path in _pictures(place)}, "fg", wrong)
    if not (own and others):  # one set of folders for both splits
        pairs = [p for p in pairs if split_of(p.picture, layout.held_share) == split]
    backgrounds = _backgrounds(layout, folder, split, wrong) if layout.composites else []
    if not layout.alphas:
        backgrounds, pairs = [pair.picture for pair in pairs], []
    if wrong and not leave_out:
        shown = "; ".join(wrong[:_SHOWN]) + ("; …" if len(wrong) > _SHOWN else "")
        raise TrainingError(
            "dataset-files",
            f"{len(wrong)} of the files of {layout.title} in {folder} do not fit: {shown}.",
            "Repair them, or leave them out with --leave-out.",
        )
    return Dataset(
        kind=kind,
        pairs=tuple(pairs),
        backgrounds=tuple(backgrounds),
        composites=layout.composites[split] if layout.composites else 0,
        left_out=tuple(wrong),
    )


def _folders(layout: Layout, folder: Path, split: Split) -> list[Path]:
    found = {path for pattern in layout.pictures[split] for path in folder.glob(pattern)}
    return sorted(path for path in found if path.is_dir())


def _pairs(layout: Layout, place: Path, listed: frozenset[str], wrong: list[str]) -> Iterable[Pair]:
    """Yield the pairs of a folder; what does not fit is added to `wrong`."""
    found = [path for path in _pictures(place) if not listed or path.name in listed]
    if not layout.alphas:
        yield from (Pair(path, path) for path in found)
        return
    pictures = {path.stem: path for path in found}
    alphas = {path.stem: path for path in _pictures(place.parent / layout.alphas)}
    for stem, picture in pictures.items():
        if stem not in alphas:
            wrong.append(f"{picture.relative_to(place.parent)} has no alpha in {layout.alphas}")
        elif (difference := _difference(picture, alphas[stem])) is not None:
            wrong.append(f"{picture.relative_to(place.parent)} {difference}")
        else:
            yield Pair(picture, alphas[stem])
    if not listed:
        for stem in alphas.keys() - pictures.keys():
            wrong.append(f"{layout.alphas}/{alphas[stem].name} has no picture in {place.name}")


def _backgrounds(layout: Layout, folder: Path, split: Split, wrong: list[str]) -> list[Path]:
    """Return the split's part of ``bg``: what its list names, else what the other's does not.

    Without a list, or with one for both splits, the names decide.
    """
    found = _pictures(folder / "bg")
    own, others = (_names(folder, "bg_names.txt", s) for s in (split, _OTHER[split]))
    if own:
        _miss(own - {path.name for path in found}, "bg", wrong)
    found = [path for path in found if (path.name in own if own else path.name not in others)]
    if own == others:
        found = [path for path in found if split_of(path, layout.held_share) == split]
    return found


def _pictures(place: Path) -> list[Path]:
    return sorted(path for path in place.glob("*") if path.suffix.lower() in SUFFIXES)


def _miss(names: Iterable[str], place: str, wrong: list[str]) -> None:
    wrong += [f"{place}/{name} is in the list, but not there" for name in sorted(names)]


def _names(folder: Path, ending: str, split: Split) -> frozenset[str]:
    """Return the names in the split's list, "training_fg_names.txt" or "test_fg_names.txt".

    Empty without one.
    """
    start = "test" if split == "held" else "train"
    lists = [p for p in sorted(folder.rglob(f"*{ending}")) if p.name.startswith((start, ending))]
    lines = [line.strip() for path in lists for line in path.read_text().splitlines()]
    return frozenset(line for line in lines if line)


def _difference(picture: Path, alpha: Path) -> str | None:
    """Say in what a picture and its alpha do not match; reads their headers only."""
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
