"""Tell guides from pictures by their names, and which guide belongs to which picture.

Names are compared as they are spelled; a guide that no picture is spelled like belongs to those
that are the same in Unicode's normal form, else to those that are the same without case.  So the
pairs survive a Mac, an archive and a careless hand, and two pictures that differ in case only
each keep a guide of their own.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import NamedTuple

TRIMAP, SELECTION, PLATE = "_trimap", "_mask", "_plate"
ALPHA = "_alpha"
"""``NAME_alpha.png`` is a picture's finished or true alpha, as data sets keep it."""
CUTOUT, COMPOSITE, FOREGROUND = "_cutout", "_composite", "_foreground"
"""``NAME_cutout.png`` is what ``matteplug cut`` wrote for a picture."""
FOLDER_PLATE = "plate"
GUIDES = (TRIMAP, SELECTION, PLATE)
RESULTS = (ALPHA, CUTOUT, COMPOSITE, FOREGROUND)


def folded(text: str) -> str:
    """Return `text` without case, in Unicode's normal form: equal for names that people confuse."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


_SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    lambda text: unicodedata.normalize("NFC", text),
    folded,
)
"""Ways to compare names, the strictest first."""


_CLOSE = 0.6
"""Likeness, as `difflib` has it, from which a mask's name is a picture's misspelled one."""


class Companion(NamedTuple):
    """A file whose name says that it goes with a picture.

    Attributes:
        name: the file's.
        stem: the picture's, as it is spelled here.
        kind: one of `GUIDES`, or of `RESULTS`.
    """

    name: str
    stem: str
    kind: str

    @property
    def is_exact(self) -> bool:
        """Tell whether the kind is spelled in small letters."""
        return PurePath(self.name).stem.endswith(self.kind)


def companion(name: str) -> Companion | None:
    """Take a name apart that ends as those of guides do; None for others."""
    stem = PurePath(name).stem
    for kind in (*GUIDES, *RESULTS):
        if stem.lower().endswith(kind):
            return Companion(name, stem[: -len(kind)], kind)
    return None


def pictures(names: Iterable[str]) -> list[str]:
    """Return those of a folder's picture files that are to be cut out, in their order.

    ``number_plate.jpg`` is a photograph unless there is a ``number.jpg`` beside it; a trimap is a
    trimap even where its picture is missing.
    """
    names = list(names)
    stems = {folded(PurePath(name).stem) for name in names}

    def is_picture(name: str) -> bool:
        part = companion(name)
        if part is None:
            return folded(PurePath(name).stem) != FOLDER_PLATE
        return part.kind != TRIMAP and folded(part.stem) not in stems

    return [name for name in names if is_picture(name)]


def guides(names: Sequence[str], companions: Iterable[Companion]) -> dict[str, dict[str, str]]:
    """Return for each picture the files that go with it, by their kinds.

    Args:
        names: the pictures of a folder.
        companions: what lies beside them; of two that fit equally, the first one is taken.
    """
    indices = [(spelling, _index(names, spelling)) for spelling in _SPELLINGS]
    owned = []
    for part in companions:
        for looseness, (spelling, index) in enumerate(indices):
            if owners := index.get(spelling(part.stem)):
                owned.append((looseness, part, owners))
                break
    pairs: dict[str, dict[str, str]] = {name: {} for name in names}
    for _, part, owners in sorted(owned, key=lambda entry: (entry[0], not entry[1].is_exact)):
        for name in owners:
            pairs[name].setdefault(part.kind, part.name)
    return pairs


def misfits(unguided: Iterable[str], orphans: Iterable[Companion]) -> dict[str, str]:
    """Return for pictures without a guide the file that was probably meant to be theirs.

    Any trimap that fits no picture may be; a mask or a plate, which may as well be a photograph of
    one, only if its name is close to the picture's.

    Args:
        unguided: pictures that no guide belongs to.
        orphans: guides that belong to no picture.
    """
    by_stem = {folded(part.stem): part for part in orphans}
    trimaps = [stem for stem, part in by_stem.items() if part.kind == TRIMAP]
    meant = {}
    for name in unguided if by_stem else ():
        if (own := companion(name)) is not None and own in by_stem.values():
            continue
        stem = folded(PurePath(name).stem)
        closest = difflib.get_close_matches(stem, by_stem, 1, _CLOSE)
        closest = closest or difflib.get_close_matches(stem, trimaps, 1, 0.0)
        if closest:
            meant[name] = by_stem[closest[0]].name
    return meant


def _index(names: Sequence[str], spelling: Callable[[str], str]) -> Mapping[str, list[str]]:
    index: dict[str, list[str]] = {}
    for name in names:
        index.setdefault(spelling(PurePath(name).stem), []).append(name)
    return index
