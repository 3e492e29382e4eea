"""Writing the files of a run: what the disk refuses is said in a sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from matteplug.errors import TrainingError


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Name `path` and the reason where it cannot be written.

    Raises:
        TrainingError: the disk is full, or the place may not be written to.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        # torch's writer raises an error of its own while the disk's passes through it
        reason = error if isinstance(error, OSError) else error.__context__ or error
        raise TrainingError(
            "run-write",
            f"{path} could not be written: {getattr(reason, 'strerror', None) or reason}.",
            "Make room; the run can then be resumed from its last checkpoint.",
        ) from error
