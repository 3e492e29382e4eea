"""The folder as a host: files in, a request; a matte, a file out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from matteplug import api
from matteplug.errors import MatteplugError, RequestError
from matteplug.matting import choice
from matteplug.network import Guide
from matteplug.result import Matte
from matteplug.types import CancelToken, MatteRequest
from matteplug_batch import results
from matteplug_batch.job import Job
from matteplug_batch.page import ReportPage
from matteplug_batch.pairing import PLATE, SELECTION, TRIMAP


class FolderAdapter:
    """Reads a picture with its guide, and writes what was asked for.

    Args:
        page: gets what is written; None for no report.
    """

    def __init__(self, page: ReportPage | None = None) -> None:
        self._page = page
        self._cancel = CancelToken()
        self._read: dict[Path, MatteRequest] = {}

    def read(self, job: Job) -> MatteRequest:
        """Read the picture and its guide.

        Raises:
            Cancelled: `stop` was called.
            RequestError: a file cannot be read, or the guide does not fit the picture.
        """
        sources, guide = job.found, job.guide
        check_guide(job)
        request = api.request(
            job.image,
            trimap=guide if guide == sources.trimap else None,
            selection=guide if guide == sources.selection else None,
            plate=guide if guide == sources.plate else None,
            network=job.settings.network,
            chosen=job.settings.options,
            cancel=self._cancel,
        )
        self._read[job.image] = request
        while len(self._read) > _KEPT:  # those that failed meanwhile
            del self._read[next(iter(self._read))]
        return request

    def write(self, job: Job, matte: Matte) -> None:
        """Write what was asked for, with the picture's depth, profile and metadata.

        Raises:
            KeyError: the picture was not read by this adapter, or long ago.
            RequestError: the file cannot be written.
        """
        job.result.parent.mkdir(parents=True, exist_ok=True)
        request = self._read.pop(job.image)
        results.write(job, matte, request)
        if self._page is not None:
            self._page.add(job.image, matte, request)

    def stop(self) -> None:
        """Stop reading; safe from any thread."""
        self._cancel.cancel()


def check_guide(job: Job) -> None:
    """Refuse a picture without a guide, where it needs one, before it is decoded.

    Raises:
        RequestError: it does ("guide-missing"), or its shadow is asked for without a plate
            ("shadow-no-plate").
        MatteplugError: its network cannot be used.
    """
    if job.settings.shadow and job.found.plate is None:
        raise RequestError(
            "shadow-no-plate",
            "There is no plate beside it, and without one a shadow cannot be told from the "
            "background.",
            f"Put {job.image.stem}{PLATE}.png beside it, or drop --shadow.",
        )
    if job.guide is not None:
        return
    try:
        choice.choose(MatteRequest(image=_NO_PIXELS, network=job.settings.network))
    except MatteplugError as error:
        if error.code not in ("no-network", "guide-missing"):
            raise
        kinds = _KINDS[job.settings.guide]
        names = " or ".join(f"{job.image.stem}{kind}.png" for kind in kinds)
        needed = job.settings.guide.value if job.settings.guide else "guide"
        raise RequestError(
            "guide-missing",
            f"There is no {needed} beside it, and without one it cannot be cut out.",
            f"Put {names} beside it.",
        ) from None


_KINDS = {
    Guide.TRIMAP: (TRIMAP, SELECTION),
    Guide.PLATE: (PLATE,),
    None: (TRIMAP, SELECTION, PLATE),
}
_KEPT = 3
"""Pictures that are read and not written: the one at work, and the next ones."""
_NO_PIXELS = np.empty((0, 0, 3), np.uint8)
