"""What an error means for a batch: a message about the picture, and whether to continue."""

from __future__ import annotations

import errno

from matteplug.errors import (
    EngineError,
    MatteplugError,
    NetworkError,
    PackageError,
    PluginError,
    RequestError,
)

_OF_ONE_PICTURE = frozenset(("run-failed", "solver-failed", "not-a-number", "no-network"))
"""Errors of engines and networks that need not affect the next picture."""
_OF_THE_DISK = frozenset(("disk-full", "folder-not-writable", "journal-not-written"))


def is_fatal(error: MatteplugError) -> bool:
    """Tell whether every further picture would fail in the same way."""
    if isinstance(error, EngineError | NetworkError | PackageError | PluginError):
        return error.code not in _OF_ONE_PICTURE
    return error.code in _OF_THE_DISK


def as_sentence(error: Exception) -> MatteplugError:
    """Return an error of any kind as one that can be shown to the user."""
    if isinstance(error, MatteplugError):
        return error
    if isinstance(error, FileExistsError | NotADirectoryError):
        return RequestError(
            "folder-is-file",
            f"{error.filename} is a file, so nothing can be written into it.",
            "Choose another folder with --out.",
        )
    if isinstance(error, OSError):
        full = error.errno == errno.ENOSPC
        return RequestError(
            "disk-full" if full else "system",
            f"{error.filename or 'The system reports'}: {error.strerror or error}.",
            "Free some space." if full else "Check the permissions.",
        )
    if isinstance(error, MemoryError):
        return RequestError(
            "out-of-memory",
            "There is not enough memory for this picture.",
            "Close other programs, or scale the picture down.",
        )
    return MatteplugError(
        "unexpected",
        f"{type(error).__name__}: {error}.",
        "This is a bug in matteplug or a plug-in: please report it.",
    )
