"""The stream of training batches, made by worker processes.

A source makes batch number i the same on every call and the stream delivers in order, so that a run
resumed at batch i continues as if it had never stopped.  Worker w of W makes the batches start + w,
start + w + W, …; a thread reads them and keeps a few ready.  Workers do not import torch.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import TrainingError
from matteplug.training.child_processes import one_thread

Arrays: TypeAlias = Mapping[str, NDArray[np.uint8]]
"""A batch by entry ("image", "alpha", "trimap", …), (B, C, H, W) uint8."""


class BatchSource(Protocol):
    """Makes batches; it is pickled for the workers, so it opens files at the first batch."""

    def batch(self, index: int, plan: BatchPlan) -> Arrays:
        """Return batch number `index` of a plan, the same on every call."""


@dataclass(frozen=True)
class BatchPlan:
    """The sizes of the batches.

    Attributes:
        count: crops per batch at the first side.
        sizes_px: sides of the crops, taken in turn.
    """

    count: int
    sizes_px: tuple[int, ...]

    def at(self, index: int) -> tuple[int, int]:
        """Return the number and the side of the crops of batch `index`.

        The pixels per batch stay about those of the first size.
        """
        size_px = self.sizes_px[index % len(self.sizes_px)]
        return max(1, round(self.count * (self.sizes_px[0] / size_px) ** 2)), size_px

    def before(self, index: int, shards: int) -> int:
        """Return how many crops precede batch `index` in its shard, every `shards`-th batch."""
        turns, shard = divmod(index, shards)
        counts = [self.at(shard + shards * turn)[0] for turn in range(len(self.sizes_px))]
        rounds, rest = divmod(turns, len(counts))
        return rounds * sum(counts) + sum(counts[:rest])


class BatchStream:
    """An iterator over the batches from `start` on; closing it ends the workers.

    Args:
        source: makes the batches.
        plan: the batches' sizes.
        start: number of the first batch.
        workers: processes, each with one thread and a lower priority; 0 makes the batches in the
            calling thread.
        prefetch: finished batches to keep ready.
    """

    def __init__(
        self,
        source: BatchSource,
        plan: BatchPlan,
        *,
        start: int = 0,
        workers: int = 1,
        prefetch: int = 4,
    ) -> None:
        self.waited_s = 0.0
        self._source, self._plan, self._next = source, plan, start
        self._ready: queue.Queue[Arrays | TrainingError] = queue.Queue(max(1, prefetch))
        self._closing = threading.Event()
        self._workers: list[tuple[Any, Connection]] = []
        # spawn: a fork would copy the threads' locks of torch in an unknown state
        context = multiprocessing.get_context("spawn")
        for worker in range(workers):
            receiver, sender = context.Pipe(duplex=False)
            arguments = (sender, source, plan, start + worker, workers)
            process = context.Process(target=_work, args=arguments, daemon=True)
            with one_thread():
                process.start()
            sender.close()
            self._workers.append((process, receiver))
        if workers:
            self._reader = threading.Thread(target=self._read, daemon=True, name="batches")
            self._reader.start()

    def __iter__(self) -> Iterator[Arrays]:
        """Yield batches endlessly.

        Raises:
            TrainingError: a worker failed; the hint has its traceback.
        """
        while True:
            began = time.perf_counter()
            if self._workers:
                batch = self._ready.get()
            else:
                batch = self._source.batch(self._next, self._plan)
            self.waited_s += time.perf_counter() - began
            if isinstance(batch, TrainingError):
                raise batch
            self._next += 1
            yield batch

    def _read(self) -> None:
        turn = 0
        while not self._closing.is_set():
            process, receiver = self._workers[turn % len(self._workers)]
            turn += 1
            try:
                batch = receiver.recv()
            except (EOFError, OSError):
                process.join(1)
                batch = f"It ended with exit status {process.exitcode}."
            if isinstance(batch, str):
                batch = TrainingError(
                    "worker-failed", "A process that makes training data has failed.", batch
                )
            while not self._closing.is_set():
                with contextlib.suppress(queue.Full):
                    self._ready.put(batch, timeout=0.2)
                    break
            if isinstance(batch, TrainingError):
                return

    def close(self) -> None:
        """End the workers."""
        self._closing.set()
        for process, _ in self._workers:
            process.terminate()
        if self._workers:
            self._reader.join()
        for process, receiver in self._workers:
            process.join()
            receiver.close()
        self._workers = []

    def __enter__(self) -> BatchStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _work(
    sender: Connection, source: BatchSource, plan: BatchPlan, first: int, stride: int
) -> None:
    """Make the batches `first`, `first + stride`, …; sending blocks until the reader takes one.

    When the trainer is killed, the other end closes, which ends this process.
    """
    import signal

    from matteplug.opencv import cv2

    cv2.setNumThreads(1)
    os.nice(5)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the trainer decides
    index = first
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while True:
            try:
                message: Arrays | str = source.batch(index, plan)
            except Exception:
                message = traceback.format_exc()
            sender.send(message)
            if isinstance(message, str):
                return
            index += stride
