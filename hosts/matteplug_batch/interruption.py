"""Signals that end a batch: the first one asks it to stop, the second one kills it.

Ctrl-C, a terminal that is closed, and whoever asks politely (``kill``, ``timeout``, a scheduler, a
shutdown) all end it alike.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from matteplug.types import CancelToken

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Only Windows lacks SIGHUP, and only Windows has SIGBREAK."""


@contextmanager
def cancelled_by_signals() -> Iterator[CancelToken]:
    """Yield a token that the first signal sets; a second one kills the process.

    What is ignored stays ignored, as ``nohup`` wants it.
    """
    cancel = CancelToken()
    if threading.current_thread() is not threading.main_thread():
        yield cancel  # only the main thread may listen for signals
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    heard = [number for number, handler in before.items() if handler is not signal.SIG_IGN]

    def stop(number: int, frame: FrameType | None) -> None:
        for each in heard:
            signal.signal(each, signal.SIG_DFL)
        cancel.cancel()

    for number in heard:
        signal.signal(number, stop)
    try:
        yield cancel
    finally:
        for number in heard:
            signal.signal(number, before[number])
