"""Find the pictures in a tree and the guides beside them.

A guide is recognised by its name: for ``NAME.jpg`` these are ``NAME_trimap.png``, ``NAME_mask.png``
(a selection) and ``NAME_plate.png``; ``plate.png`` serves every picture of its folder that has no
plate of its own.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from matteplug.images import formats
from matteplug_batch import pairing
from matteplug_batch.pairing import FOLDER_PLATE, GUIDES, PLATE, SELECTION, TRIMAP

MARKER = ".matteplug-batch.jsonl"
"""The journal's name: a folder that contains one holds results, not source pictures."""
_LITTER = frozenset(("__MACOSX", "@eaDir", "Thumbs.db", "desktop.ini"))
"""What systems leave in folders."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A picture and the guides beside it.

    Attributes:
        image: the picture.
        trimap, selection, plate: its guides.
        misfit: where there are none, a guide beside it that was probably meant for it: no picture
            is called like it, or its format cannot be read.
    """

    image: Path
    trimap: Path | None = None
    selection: Path | None = None
    plate: Path | None = None
    misfit: Path | None = None

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
        strays: guides whose picture is missing.
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


def beside(folders: Iterable[Path]) -> Tree:
    """Find the pictures in some folders, hidden ones too, without their subfolders.

    Raises:
        OSError: a folder cannot be listed.
    """
    tree = Tree()
    for place in folders:
        _sort_out(place, sorted(e.name for e in os.scandir(place) if _is_file(e)), tree)
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
    rest = sorted(set(names) - set(readable) - _LITTER - {MARKER})
    tree.foreign.extend(place / name for name in rest)

    pictures = pairing.pictures(readable)
    # PNG first: of two files for one guide, the lossless one is used.
    lossless_first = sorted(readable, key=lambda name: (not name.lower().endswith(".png"), name))
    parts = [part for name in lossless_first if (part := pairing.companion(name))]
    guides = pairing.guides(pictures, parts)
    plates = [name for name in lossless_first if _folded_stem(name) == FOLDER_PLATE]
    if plates:
        for name in pictures:
            guides[name].setdefault(PLATE, plates[0])

    stems = {_folded_stem(name) for name in (*pictures, *rest)}
    orphans = [
        part for part in parts if part.kind in GUIDES and pairing.folded(part.stem) not in stems
    ]
    unguided = [name for name in pictures if not any(kind in guides[name] for kind in GUIDES)]
    misfits = pairing.misfits(unguided, orphans)
    unreadable = [part for name in rest if (part := pairing.companion(name))]
    for name, kinds in pairing.guides(unguided, unreadable).items():
        if present := [kinds[kind] for kind in GUIDES if kind in kinds]:
            misfits[name] = present[0]

    for name in pictures:
        if name in misfits.values():
            continue

        def guide(kind: str, name: str = name) -> Path | None:
            found = guides[name].get(kind)
            return place / found if found else None

        tree.pictures.append(
            Found(
                image=place / name,
                trimap=guide(TRIMAP),
                selection=guide(SELECTION),
                plate=guide(PLATE),
                misfit=place / misfits[name] if name in misfits else None,
            )
        )
    strays = {part.name for part in orphans if part.kind == TRIMAP} | set(misfits.values())
    tree.strays.extend(place / name for name in readable if name in strays)


def _folded_stem(name: str) -> str:
    return pairing.folded(Path(name).stem)
