"""A folder of rendered people: one WebP file per seed, written whole; existing files are kept."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
from numpy.typing import NDArray
from PIL import Image

from matteplug.errors import RequestError
from matteplug.training.child_processes import one_thread
from matteplug.training.people.portrait import Portraits

Array = NDArray[Any]
QUALITY = 90
_portraits: Portraits | None = None
"""The renderer of a worker process."""


def file_of(folder: Path, seed: int) -> Path:
    """Return the file of a seed."""
    return folder / f"{seed:06d}.webp"


def missing(folder: Path, first: int, count: int) -> list[int]:
    """Return those of the `count` seeds from `first` on that have no file yet."""
    return [seed for seed in range(first, first + count) if not file_of(folder, seed).exists()]


def save(path: Path, picture: Array) -> None:
    """Write (H, W, 4) uint8 with exact alpha and lossy colour; the file appears whole.

    Raises:
        RequestError: nothing can be written there.
    """
    coded = io.BytesIO()
    options: dict[str, Any] = {"quality": QUALITY, "alpha_quality": 100, "exact": True}
    Image.fromarray(picture).save(coded, "WEBP", method=3, **options)
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_bytes(coded.getvalue())
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise RequestError(
            "file-not-written",
            f"{path} was not written: {error.strerror or error}.",
            "Free some space, or name another folder with --out.",
        ) from error


def render_all(
    seeds: list[int], parts: Path, photos: Path, out: Path, size_px: int, jobs: int
) -> Iterator[int]:
    """Render the seeds into `out` in `jobs` processes; yield each once its file is written.

    Raises:
        RequestError: a folder or a file of parts or photographs is missing or damaged, or
            nothing can be written to `out`.
    """
    if not seeds:
        return
    Portraits(parts, photos, size_px)  # reports bad folders before processes start
    make_folder(out)
    with one_thread():
        pool = ProcessPoolExecutor(jobs, get_context("spawn"), _start, (parts, photos, size_px))
        waiting = iter(seeds)
        futures = {}
        try:
            for seed in waiting:
                futures[pool.submit(_render, seed, file_of(out, seed))] = seed
                if len(futures) < 2 * jobs:
                    continue
                yield from _finished(futures)
            while futures:
                yield from _finished(futures)
        finally:
            pool.shutdown(cancel_futures=True)


def make_folder(out: Path) -> None:
    """Make the folder for the pictures.

    Raises:
        RequestError: it cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(
            "folder-not-made",
            f"The folder {out} cannot be made: {error.strerror or error}.",
            "Name another with --out.",
        ) from error


def _finished(futures: dict[Any, int]) -> Iterator[int]:
    for future in wait(futures, return_when=FIRST_COMPLETED).done:
        seed = futures.pop(future)
        try:
            future.result()
        except BrokenProcessPool as error:
            raise RequestError(
                "process-ended",
                "A rendering process ended before its picture was finished.",
                "Run the command again to resume, with fewer --jobs if memory is short.",
            ) from error
        yield seed


def _start(parts: Path, photos: Path, size_px: int) -> None:
    global _portraits  # noqa: PLW0603  # a pool's initialiser has no other place
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command decides
    cv2.setNumThreads(1)
    _portraits = Portraits(parts, photos, size_px)


def _render(seed: int, path: Path) -> None:
    assert _portraits is not None
    save(path, _portraits.picture(seed))
