"""The folder as a host: files in, a request; a matte, a file out."""

from __future__ import annotations

import numpy as np

from matteplug import api
from matteplug.errors import MatteplugError, RequestError
from matteplug.matting import choice
from matteplug.network import Guide
from matteplug.result import Matte
from matteplug.types import CancelToken, Image, MatteRequest, Size
from matteplug_batch.job import Job, Output
from matteplug_batch.pairing import PLATE, SELECTION, TRIMAP


class FolderAdapter:
    """Reads a picture with its guide, and writes what was asked for."""

    def __init__(self) -> None:
        self._cancel = CancelToken()

    def read(self, job: Job) -> MatteRequest:
        """Read the picture and its guide.

        Raises:
            Cancelled: `stop` was called.
            RequestError: a file cannot be read, or the guide does not fit the picture.
        """
        sources, guide = job.found, job.guide
        check_guide(job)
        return api.request(
            job.image,
            trimap=guide if guide == sources.trimap else None,
            selection=guide if guide == sources.selection else None,
            plate=guide if guide == sources.plate else None,
            network=job.settings.network,
            chosen=job.settings.options,
            cancel=self._cancel,
        )

    def write(self, job: Job, matte: Matte) -> None:
        """Write the cutout, alpha or composite, with the picture's depth, profile and metadata.

        Raises:
            RequestError: the file cannot be written.
        """
        job.result.parent.mkdir(parents=True, exist_ok=True)
        matte.save(job.result, _result(job, matte))

    def stop(self) -> None:
        """Stop reading; safe from any thread."""
        self._cancel.cancel()


def _result(job: Job, matte: Matte) -> Image:
    if job.settings.output is Output.CUTOUT:
        return matte.cutout()
    if job.settings.output is Output.ALPHA:
        return matte.alpha
    assert job.settings.backdrop is not None, "the command line refuses this"
    size, dtype = Size.of(matte.alpha), matte.foreground.dtype
    return matte.composite(job.settings.backdrop.behind(size, dtype, matte.icc))


def check_guide(job: Job) -> None:
    """Refuse a picture without a guide, where it needs one, before it is decoded.

    Raises:
        RequestError: it does ("guide-missing").
        MatteplugError: its network cannot be used.
    """
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
_NO_PIXELS = np.empty((0, 0, 3), np.uint8)
