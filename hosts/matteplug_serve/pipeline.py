"""Cuts pictures out: one is read while another is matted and a third is written.

Each stage holds one picture and hands it on when the next stage is free, so that however many wait,
the pixels of a few pictures are in memory at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from matteplug import api
from matteplug.result import Matte
from matteplug.types import CancelToken, silent
from matteplug_batch.adapter import FolderAdapter
from matteplug_batch.job import Job

T = TypeVar("T")


class Pipeline:
    """The three stages."""

    def __init__(self) -> None:
        self._reading, self._matting, self._writing = (asyncio.Lock() for _ in range(3))
        self._threads = ThreadPoolExecutor(3, thread_name_prefix="stage")

    async def cut(self, job: Job, cancel: CancelToken) -> Matte:
        """Write the result of `job`, and return its matte.

        It is stopped by cancelling its task, which ends only when no thread works on it any more.

        Raises:
            Exception: as `api.request`, `api.run` and writing raise.
        """
        adapter = FolderAdapter()
        cancel.add_callback(adapter.stop)

        async def stage(function: Callable[[], T]) -> T:
            return await self._in_thread(function, cancel)

        async with _handing_on(self._reading, self._matting):
            request = await stage(lambda: adapter.read(job))
        async with _handing_on(self._matting, self._writing, held=True):
            matte = await stage(lambda: api.run(request, progress=silent, cancel=cancel))
        async with _handing_on(self._writing, held=True):
            await stage(lambda: adapter.write(job, matte))
        return matte

    async def _in_thread(self, function: Callable[[], T], cancel: CancelToken) -> T:
        work = asyncio.get_running_loop().run_in_executor(self._threads, function)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            cancel.cancel()
            await asyncio.gather(work, return_exceptions=True)
            raise


@asynccontextmanager
async def _handing_on(
    stage: asyncio.Lock, following: asyncio.Lock | None = None, *, held: bool = False
) -> AsyncIterator[None]:
    """Hold a stage until the work in it is done and the following stage is held."""
    if not held:
        await stage.acquire()
    try:
        yield
        if following is not None:
            await following.acquire()
    finally:
        stage.release()
