"""Taught subjects (see `matteplug.training.teach`): their files by split, and their cutouts."""

from __future__ import annotations

from pathlib import Path

from matteplug.errors import RequestError
from matteplug.training.scenes.photographs import SUFFIXES, Split, split_of
from matteplug.training.scenes.rendered_people import People

HOLDOUT_FRACTION = 1 / 5


def files_of(folder: Path, part: str, split: Split) -> list[Path]:
    """List the files of one part ("image", "cutout", …) that belong to a split.

    All files of one subject belong to the same split: its name decides.

    Raises:
        RequestError: there are none.
    """
    there = sorted(p for p in (folder / part).glob("*") if p.suffix.lower() in SUFFIXES)
    found = [path for path in there if split_of(Path(path.stem), HOLDOUT_FRACTION) == split]
    if not found:
        raise RequestError(
            "no-subjects",
            f"{folder} has no {part} of a taught subject for the split “{split}”.",
            "Make them with: matteplug train teach PHOTOS --out DIR",
        )
    return found


class TaughtCutouts(People):
    """The cutouts of taught subjects; as `People`, whatever they show.

    Args:
        folder: of the taught subjects.
        split: which of them.

    Raises:
        RequestError: there are none.
    """

    def __init__(self, folder: Path, split: Split) -> None:
        self._groups = [files_of(folder, "cutout", split)]
