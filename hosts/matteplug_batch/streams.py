"""Standard input and output as files, so that pipes go the way of all pictures."""

from __future__ import annotations

import errno
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from matteplug.errors import RequestError
from matteplug_batch.outcome import PictureOutcome

_LARGEST_BYTES = 1 << 32
"""Larger than any picture that may be opened; a pipe that never ends does not fill the disk."""
_BLOCK = 1 << 20
_NO_NEIGHBOURS = "Name one with --trimap, --selection or --plate."
INPUT, OUTPUT = "standard input", "standard output"


@contextmanager
def picture() -> Iterator[Path]:
    """Yield a file with what standard input holds.

    Raises:
        RequestError: it is a terminal ("stdin-terminal"), or larger than any picture
            ("stream-too-large"), or there is no space for it ("disk-full").
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise RequestError(
            "stdin-terminal",
            "Nothing is piped to standard input.",
            "Example: cat photo.jpg | matteplug cut - > cutout.png",
        )
    with tempfile.TemporaryDirectory(prefix="matteplug-") as folder:
        path = Path(folder, INPUT)
        try:
            with path.open("wb") as file, open(sys.stdin.fileno(), "rb", closefd=False) as stream:
                while block := stream.read(_BLOCK):
                    file.write(block)
                    if file.tell() > _LARGEST_BYTES:
                        raise RequestError(
                            "stream-too-large",
                            "Standard input holds more than 4 GiB, which no picture does.",
                        )
        except OSError as error:
            raise RequestError(
                "disk-full" if error.errno == errno.ENOSPC else "stdin-unreadable",
                f"Standard input was not read: {error.strerror or error}.",
                "Free some space in the folder for temporary files (TMPDIR).",
            ) from error
        yield path


@contextmanager
def result(suffix: str) -> Iterator[Path]:
    """Yield where to write a result that `write` brings to standard output."""
    with tempfile.TemporaryDirectory(prefix="matteplug-") as folder:
        yield Path(folder, f"{OUTPUT}{suffix}")


def check_output() -> None:
    """Refuse to write a picture to a terminal.

    Raises:
        RequestError: standard output is one ("stdout-terminal").
    """
    if sys.stdout is None or sys.stdout.isatty():
        raise RequestError(
            "stdout-terminal",
            "Standard output is a terminal, which cannot show a picture file.",
            "Add > cutout.png, or name a file: --out cutout.png",
        )


def write(path: Path) -> int:
    """Write a file to standard output, and return the exit status for success.

    Raises:
        BrokenPipeError: nobody reads it any more.
        RequestError: it was not written ("stdout-not-written").
    """
    sys.stdout.flush()
    try:
        with open(sys.stdout.fileno(), "wb", closefd=False) as stream:
            stream.write(path.read_bytes())
    except BrokenPipeError:
        raise
    except OSError as error:
        raise RequestError(
            "stdout-not-written",
            f"The result was not written to standard output: {error.strerror or error}.",
            "Free some space, or write elsewhere.",
        ) from error
    return 0


def named(outcome: PictureOutcome) -> PictureOutcome:
    """Return an outcome that speaks of the streams instead of their files."""
    for path, stream in ((outcome.image, INPUT), (outcome.result, OUTPUT)):
        if path is not None and path.stem == stream:
            error = outcome.error
            if error is not None:
                message = error.message.replace(str(path), stream)
                missing = error.code == "guide-missing"
                hint = _NO_NEIGHBOURS if missing else error.hint
                error = type(error)(error.code, message, hint)
            changed: dict[str, Any] = {"image" if stream == INPUT else "result": Path(stream)}
            outcome = replace(outcome, error=error, **changed)
    return outcome
