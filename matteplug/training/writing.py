"""Writing the files of a run: an error names the file and the reason."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from matteplug.errors import TrainingError


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failed write of `path` into an error that names it and the reason.

    Raises:
        TrainingError: the disk is full, or the folder is not writable.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        # torch's writer raises an error of its own while the disk's passes through it
        reason = error if isinstance(error, OSError) else error.__context__ or error
        raise TrainingError(
            "run-write",
            f"{path} could not be written: {getattr(reason, 'strerror', None) or reason}.",
            "Free some space; the run can then be resumed from its last checkpoint.",
        ) from error
