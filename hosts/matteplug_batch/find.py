"""Find the pictures in a tree and the guides beside them.

A guide is recognised by its name: for ``NAME.jpg`` these are ``NAME_trimap.png``, ``NAME_mask.png``
(a selection) and ``NAME_plate.png``; ``plate.png`` serves every picture of its folder that has no
plate of its own.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from matteplug.images import formats

TRIMAP, SELECTION, PLATE = "_trimap", "_mask", "_plate"
ALPHA = "_alpha"
"""``NAME_alpha.png`` is a picture's finished or true alpha, as in data sets."""
FOLDER_PLATE = "plate"
MARKER = ".matteplug-batch.jsonl"
"""The journal's name: a folder that contains one holds results, not source pictures."""
_LITTER = frozenset(("__MACOSX", "@eaDir", "Thumbs.db", "desktop.ini"))
"""What systems leave in folders."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A picture and the guides beside it."""

    image: Path
    trimap: Path | None = None
    selection: Path | None = None
    plate: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The picture and its guides."""
        everything = (self.image, self.trimap, self.selection, self.plate)
        return tuple(path for path in everything if path is not None)


@dataclass(frozen=True, kw_only=True)
class Tree:
    """What a folder holds.

    Attributes:
        pictures: in the order of the tree, sorted by name.
        strays: trimaps whose picture is missing.
        foreign: every other file: formats that cannot be read, and what is not a picture.
        closed: folders that cannot be listed.
    """

    pictures: list[Found] = field(default_factory=list)
    strays: list[Path] = field(default_factory=list)
    foreign: list[Path] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)


def find(folder: Path, leave_out: Collection[Path] = ()) -> Tree:
    """Find the pictures of a tree, in a fixed order.

    Hidden files and folders, folders of earlier results and folders already visited (circular
    links) are skipped.

    Args:
        folder: the top of the tree.
        leave_out: folders below it to skip, as `real` returns them.
    """
    tree = Tree()
    for names, place in _folders(folder, set(leave_out), tree.closed):
        _sort_out(place, names, tree)
    return tree


def real(path: Path) -> Path:
    """Return the file or folder that a path leads to; a broken link leads to itself.

    `Path.resolve` raises an error for circular links.
    """
    return Path(os.path.realpath(path))


def kind_of(guide: Path | None) -> str:
    """Return what a guide is by its name: "trimap", "mask" or "plate"; "none" for None."""
    if guide is None:
        return "none"
    return guide.stem.lower().rpartition("_")[2]


def _folders(
    folder: Path, leave_out: set[Path], closed: list[Path]
) -> Iterator[tuple[list[str], Path]]:
    """Yield the file names of every folder of the tree, parents first."""
    seen: set[Path] = set()
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        target = real(place)
        if target in seen or target in leave_out:
            continue
        seen.add(target)
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError:
            closed.append(place)
            continue
        entries = [e for e in entries if not e.name.startswith(".") or e.name == MARKER]
        if place != folder and any(entry.name == MARKER for entry in entries):
            continue
        folders = [e for e in entries if _is_folder(e) and e.name not in _LITTER]
        yield [e.name for e in entries if _is_file(e)], place
        waiting.extend(place / entry.name for entry in reversed(folders))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a circular link, or one into a folder without access


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a file; a broken link counts, so that its picture is reported."""
    try:
        return entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path))
    except OSError:
        return True


def _sort_out(place: Path, names: list[str], tree: Tree) -> None:
    """Tell pictures from guides among the files of one folder."""
    readable = [name for name in names if Path(name).suffix.lower() in formats.readable()]
    others = set(names) - set(readable) - _LITTER - {MARKER}
    tree.foreign.extend(place / name for name in sorted(others))
    # PNG first: of two files for one guide, the lossless one is used.
    by_stem: dict[str, str] = {}
    for name in sorted(readable, key=lambda name: (not name.lower().endswith(".png"), name)):
        by_stem.setdefault(Path(name).stem.lower(), name)
    for name in readable:
        stem = Path(name).stem.lower()
        if _is_companion(stem, by_stem):
            if stem.endswith(TRIMAP) and stem.removesuffix(TRIMAP) not in by_stem:
                tree.strays.append(place / name)
            continue

        def guide(kind: str, stem: str = stem) -> Path | None:
            file_name = by_stem.get(stem + kind)
            return place / file_name if file_name else None

        plate = guide(PLATE)
        if plate is None and FOLDER_PLATE in by_stem:
            plate = place / by_stem[FOLDER_PLATE]
        tree.pictures.append(
            Found(
                image=place / name,
                trimap=guide(TRIMAP),
                selection=guide(SELECTION),
                plate=plate,
            )
        )


def _is_companion(stem: str, stems: Collection[str]) -> bool:
    """Tell whether a file is a guide or an alpha, by its name.

    ``number_plate.jpg`` is a photograph unless there is a ``number.jpg`` beside it.
    """
    if stem == FOLDER_PLATE or stem.endswith(TRIMAP):
        return True
    return any(
        stem.endswith(kind) and stem.removesuffix(kind) in stems
        for kind in (SELECTION, PLATE, ALPHA)
    )
