"""The words of a command line that name pictures: files and patterns."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from matteplug.errors import RequestError
from matteplug.images import formats
from matteplug_batch import find
from matteplug_batch.find import Found

STREAM = Path("-")
"""Standard input or output."""
_COMPANION = "By its name it goes with another picture; rename it to cut it out."


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The pictures that were named.

    Attributes:
        pictures: with the guides beside them, in the order they were named, each once.
        others: further pictures of the same folders: the names of results depend on them.
        unusable: what else was named, and why it is not cut out.
    """

    pictures: list[Found]
    others: list[Path]
    unusable: list[tuple[Path, str]]


def files(words: Sequence[Path]) -> list[Path]:
    """Return the files that words and patterns name; each once, in their order.

    Raises:
        RequestError: a word names nothing ("file-missing", "pattern-empty"), or a folder
            ("file-is-folder").
    """
    paths = [path for word in words for path in _named_by(word)]
    return list({os.path.abspath(path): path for path in reversed(paths)}.values())[::-1]


def place(word: Path) -> Path:
    """Return the folder that a word leads to, whose options count."""
    return word if word.is_dir() else word.parent


def choose(paths: Iterable[Path]) -> Chosen:
    """Tell pictures from what else was named, and find the guides beside them.

    Raises:
        RequestError: a folder cannot be listed ("folder-closed"), or no picture was named
            ("file-not-image").
    """
    paths = list(paths)
    try:
        tree = find.beside(dict.fromkeys(path.parent for path in paths))
    except OSError as error:
        raise RequestError(
            "folder-closed",
            f"The folder {error.filename} cannot be listed: {error.strerror or error}.",
            "Change its permissions.",
        ) from error
    known = {found.image: found for found in tree.pictures}
    foreign = set(tree.foreign)
    pictures: list[Found] = []
    unusable: list[tuple[Path, str]] = []
    for path in paths:
        if path in known or not path.suffix:  # a file without a suffix may be anything
            pictures.append(known.get(path) or Found(image=path))
        elif path in foreign:
            unusable.append((path, formats.advice(path.suffix.lower())))
        else:
            unusable.append((path, _COMPANION))
    if not pictures:
        path, why = unusable[0]
        raise RequestError("file-not-image", f"{path} cannot be cut out.", why)
    named = {found.image for found in pictures}
    return Chosen(
        pictures=pictures,
        others=[image for image in known if image not in named],
        unusable=unusable,
    )


def _named_by(word: Path) -> list[Path]:
    if word.is_dir():
        raise RequestError(
            "file-is-folder",
            f"{word} is a folder.",
            f"Cut out a folder by itself: matteplug batch {word}",
        )
    if os.path.lexists(word):
        return [word]
    if glob.has_magic(str(word)):
        matching = sorted(glob.glob(str(word), recursive=True))
        if found := [Path(match) for match in matching if not os.path.isdir(match)]:
            return found
        raise RequestError(
            "pattern-empty", f"No file matches {word}.", "Check the folder and the spelling."
        )
    raise RequestError("file-missing", f"There is no file {word}.", "Check the spelling.")
