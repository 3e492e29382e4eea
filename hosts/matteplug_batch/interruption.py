"""Ctrl-C: the first one asks the batch to stop, the second one kills it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from matteplug.types import CancelToken


@contextmanager
def cancelled_by_ctrl_c() -> Iterator[CancelToken]:
    """Yield a token that the first Ctrl-C sets; a second one kills the process."""
    cancel = CancelToken()

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        cancel.cancel()

    if threading.current_thread() is not threading.main_thread():
        yield cancel  # only the main thread may listen for signals
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)
