"""The folder as a host: files in, a request; a matte, a file out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matteplug import api
from matteplug.errors import MatteplugError, RequestError
from matteplug.images import files, pixels
from matteplug.images.files import Picture
from matteplug.matting import choice
from matteplug.network import Guide
from matteplug.result import Matte
from matteplug.types import Image, MatteRequest, Size
from matteplug_batch.find import PLATE, SELECTION, TRIMAP
from matteplug_batch.job import Job, Output


class FolderAdapter:
    """Reads a picture with its guide, and writes what was asked for.

    Between the two calls it keeps what a request does not carry: the picture's colour profile and
    its own transparency.
    """

    def __init__(self) -> None:
        self._opened: dict[Job, Picture] = {}

    def read(self, job: Job) -> MatteRequest:
        """Read the picture and its guide.

        Raises:
            RequestError: a file cannot be read, or the guide does not fit the picture.
        """
        sources, guide = job.found, job.guide
        if guide is None:
            _check_that_none_is_needed(job)
        picture = files.read(job.image)
        request = MatteRequest(
            image=picture.image,
            network=job.settings.network,
            plate=files.read(guide).image if guide and guide == sources.plate else None,
            options=job.settings.options,
            notes=picture.notes + (_TRANSPARENT if picture.alpha is not None else ()),
        )
        request = api.with_guide(
            request,
            trimap=guide if guide == sources.trimap else None,
            selection=guide if guide == sources.selection else None,
        )
        self._opened[job] = replace(picture, image=_NO_PIXELS)
        return request

    def write(self, job: Job, matte: Matte) -> None:
        """Write the cutout, alpha or composite, with the picture's depth and colour profile.

        Raises:
            RequestError: the file cannot be written.
        """
        opened = self._opened.pop(job)
        if opened.alpha is not None:
            matte = replace(matte, alpha=matte.alpha * opened.alpha)
        job.result.parent.mkdir(parents=True, exist_ok=True)
        files.write(job.result, _result(job, matte, opened.icc), icc=opened.icc)

    def forget(self, job: Job) -> None:
        """Drop what is kept about a picture that will not be written."""
        self._opened.pop(job, None)


def _result(job: Job, matte: Matte, icc: bytes | None) -> Image:
    if job.settings.output is Output.CUTOUT:
        return matte.cutout()
    dtype = matte.foreground.dtype
    if job.settings.output is Output.ALPHA:
        return pixels.from_float(matte.alpha, dtype)
    assert job.settings.backdrop is not None, "the command line refuses this"
    return matte.composite(job.settings.backdrop.behind(Size.of(matte.alpha), dtype, icc))


def _check_that_none_is_needed(job: Job) -> None:
    """Refuse a picture without a guide before it is decoded, and say what is missing."""
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
            f"There is no {needed} beside it, which it cannot be cut out without.",
            f"Put {names} beside it.",
        ) from None


_KINDS = {
    Guide.TRIMAP: (TRIMAP, SELECTION),
    Guide.PLATE: (PLATE,),
    None: (TRIMAP, SELECTION, PLATE),
}
_NO_PIXELS = np.empty((0, 0, 3), np.uint8)
_TRANSPARENT = ("The picture was partly transparent, and stays so.",)
