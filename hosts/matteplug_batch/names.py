"""Unique names for the results: the pictures' own, mirrored into the output folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from matteplug_batch.find import real
from matteplug_batch.pairing import folded


def default_out(folder: Path) -> Path:
    """Return ``FOLDER-matte`` beside `folder`."""
    target = real(folder)
    return target.with_name(f"{target.name}-matte")


def results(places: Sequence[Path], ending: str) -> list[Path]:
    """Return where the result of each picture goes; no two paths are the same.

    ``sub/a.jpg`` becomes ``sub/a.png``.  Where that would be the result of another picture too
    (``a.jpg`` and ``a.tif``, or ``A.jpg`` on a system that ignores case), each keeps its whole
    name: ``a.jpg.png``.

    Args:
        places: the pictures' paths, as they would be among the results.
        ending: what the results' names end in: ".png", "_cutout.png".
    """
    short = [path.with_name(path.stem + ending) for path in places]
    whole = [path.with_name(path.name + ending) for path in places]
    shared = Counter(_key(path) for path in short)
    chosen = [b if shared[_key(a)] > 1 else a for a, b in zip(short, whole, strict=True)]
    taken: set[str] = set()
    return [_free(path, taken) for path in chosen]


def _free(path: Path, taken: set[str]) -> Path:
    """Return `path`, numbered if it is taken because a picture really is named ``a.jpg.png``."""
    free, number = path, 2
    while _key(free) in taken:
        free, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    taken.add(_key(free))
    return free


def _key(path: Path) -> str:
    return folded(str(path))
