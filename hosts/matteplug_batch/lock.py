"""One batch at a time writes to an output folder.

The operating system locks the journal while a batch runs and releases it however the process ends:
the lock of a dead batch blocks no other.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from matteplug.errors import RequestError
from matteplug_batch.find import MARKER

_log = logging.getLogger(__name__)
_NO_LOCKS = frozenset((errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP))

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30
    """Locked is a byte far behind the journal's end: a locked one cannot be written."""

    def _lock(file: int) -> bool:
        os.lseek(file, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def held(out: Path) -> Iterator[None]:
    """Hold the lock of the output folder `out`, which exists.

    Raises:
        RequestError: another batch holds it ("out-in-use"), or there can be no journal
            ("out-not-writable").
    """
    journal = out / MARKER
    try:
        file = _locked(journal)
    except OSError as error:
        raise RequestError(
            "out-not-writable",
            f"The journal {journal} cannot be written: {error.strerror or error}.",
            "Change its permissions, or choose another folder with --out.",
        ) from error
    if file is None:
        raise RequestError(
            "out-in-use",
            f"Another batch is writing to {out}.",
            "Wait until it has ended, or choose another folder with --out.",
        )
    try:
        yield
    finally:
        if os.fstat(file).st_size == 0 and sys.platform != "win32":
            with suppress(OSError):
                journal.unlink()  # while it is locked, so that no other batch's is removed
        os.close(file)


def _locked(journal: Path) -> int | None:
    """Open and lock the journal; return None where another batch holds it."""
    while True:
        file = os.open(journal, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _lock(file):
                os.close(file)
                return None
            if os.path.samestat(os.fstat(file), os.stat(journal)):
                return file
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno in _NO_LOCKS:
                _log.warning("The folder of %s has no locks: run one batch at a time.", journal)
                return file
            os.close(file)
            raise
        os.close(file)  # the batch that had it has removed it since: once more
