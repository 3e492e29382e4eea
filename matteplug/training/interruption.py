"""Let Ctrl-C and SIGTERM end a run between two steps."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event


@contextmanager
def on_request() -> Iterator[Event]:
    """Yield an event that SIGINT or SIGTERM sets; a second signal acts as it did before."""
    requested = Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(number: int, frame: object) -> None:
        requested.set()
        restore()

    for number in before:
        signal.signal(number, stop)
    try:
        yield requested
    finally:
        restore()
