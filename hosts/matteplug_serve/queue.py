"""The queue: how many pictures are taken at a time, and when to come back."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from matteplug.errors import RequestError

_SMOOTHING = 0.2


class Queue:
    """The places for pictures, from the upload to the end of the answer.

    Args:
        places: how many there are.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self.taken = 0
        self.done = 0
        self._picture_s = 1.0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place.

        Raises:
            RequestError: there is none ("server-busy").
        """
        if self.taken >= self.places:
            raise RequestError(
                "server-busy",
                f"All {self.places} places for pictures are taken.",
                f"Try again in {self.retry_s} seconds.",
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Measure how long a picture waits and takes; one that fails counts for nothing."""
        started = time.perf_counter()
        yield
        self.done += 1
        taken_s = time.perf_counter() - started
        self._picture_s += _SMOOTHING * (taken_s - self._picture_s)

    @property
    def retry_s(self) -> int:
        """Return in how many seconds a place will probably be free, at least 1."""
        return max(1, math.ceil(self._picture_s / self.places))
