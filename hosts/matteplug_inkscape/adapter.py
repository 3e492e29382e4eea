"""Reads Inkscape's buffers, which are files, sent as one row of "Y u8".

| buffer | its bytes |
|---|---|
| image, trimap, plate | a picture file, as it lies in the drawing |
| selection | an outline as JSON; see `matteplug_inkscape.outline` |
| cutout, foreground, alpha | a PNG file, of the picture's own depth and colour profile |
"""

from __future__ import annotations

from dataclasses import replace

from matteplug.errors import RequestError
from matteplug.images import files
from matteplug.images.decoder import decode
from matteplug.images.encoding import encode
from matteplug.result import Matte
from matteplug.types import Image, MatteRequest, Rect, Size
from matteplug.wire import WireAdapter, WireJob
from matteplug.wire.buffers import Buffer, PixelFormat
from matteplug_inkscape import outline


class InkscapeAdapter(WireAdapter):
    """Decodes incoming files and encodes results; `WireAdapter` does the rest."""

    def read(self, job: WireJob) -> MatteRequest:
        """See `matteplug.host.HostAdapter.read`."""
        picture = decode(job.buffers["image"].data, "of the drawing")
        size, depth = Size.of(picture.array), f"u{8 * picture.array.itemsize}"
        buffers = {"image": _buffer("image", picture.array)}
        if "selection" in job.buffers:
            mask = outline.mask(job.buffers["selection"].data, size)
            buffers["selection"] = _buffer("selection", mask)
        if "trimap" in job.buffers:
            trimap = files.decode_mask(job.buffers["trimap"].data, "chosen as trimap")
            buffers["trimap"] = _buffer("trimap", _of_size(trimap, size, "trimap"))
        if "plate" in job.buffers:
            plate = decode(job.buffers["plate"].data, "chosen as plate").array
            buffers["plate"] = _buffer("plate", _of_size(plate, size, "plate"))
        self._icc = picture.icc
        self._pixels = replace(
            job,
            buffers=buffers,
            results={name: PixelFormat(f.channels, depth) for name, f in job.results.items()},
            answer=[],
        )
        request = super().read(self._pixels)
        return replace(request, notes=picture.notes + request.notes)

    def write(self, job: WireJob, matte: Matte) -> None:
        """See `matteplug.host.HostAdapter.write`."""
        super().write(self._pixels, matte)
        for entry, data in self._pixels.answer:
            array = Buffer.from_entry(entry, data).array()
            file = encode(array, ".png", self._icc)
            as_bytes = {"format": "Y u8", "size": [len(file), 1], "at": [0, 0]}
            job.answer.append(({**entry, **as_bytes}, file))


def _buffer(name: str, array: Image) -> Buffer:
    channels = {2: "Y", 3: "RGB"}[array.ndim]
    if array.ndim == 3 and array.shape[2] == 4:
        channels = "RGBA"
    return Buffer(
        name=name,
        format=PixelFormat(channels, f"u{8 * array.itemsize}"),
        rect=Rect(0, 0, *Size.of(array)),
        data=array.tobytes(),
    )


def _of_size(array: Image, size: Size, name: str) -> Image:
    if Size.of(array) != size:
        raise RequestError(
            f"{name}-size",
            f"The {name} is {Size.of(array)} pixels but the picture is {size}.",
            f"Make the {name} at the picture's size.",
        )
    return array
