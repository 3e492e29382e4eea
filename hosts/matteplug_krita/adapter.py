"""Reads Krita's buffers, whose colours may be linear.

Krita's documents of 16 bits and more are linear by default.  The option "linear" says so; then
"image", "plate" and "trimap" are encoded before the matte is made, and the results decoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from matteplug.errors import RequestError
from matteplug.images import pixels
from matteplug.images.srgb import linear_from_srgb, srgb_from_linear
from matteplug.result import Matte
from matteplug.types import MatteRequest
from matteplug.wire import WireAdapter, WireJob, buffers
from matteplug.wire.buffers import Buffer, PixelFormat

_ENCODED = PixelFormat("RGBA", "f32")


class KritaAdapter(WireAdapter):
    """Reads Krita's layers; the option "linear" tells whether their colours are linear."""

    def read(self, job: WireJob) -> MatteRequest:
        """See `matteplug.host.HostAdapter.read`."""
        encoded = {name: _encoded(job, buffer) for name, buffer in job.buffers.items()}
        return super().read(replace(job, buffers=encoded, options=_options(job.options)))

    def write(self, job: WireJob, matte: Matte) -> None:
        """See `matteplug.host.HostAdapter.write`; the colours are linear where the image's are."""
        if not _linear(job):
            super().write(job, matte)
            return
        image = _encoded(job, job.buffers["image"])
        coloured = {name: _ENCODED for name, form in job.results.items() if form.channels != "Y"}
        inner = replace(
            job, buffers={"image": image}, results={**job.results, **coloured}, answer=[]
        )
        super().write(inner, matte)
        for entry, data in inner.answer:
            name, result = entry["name"], data
            if name in coloured:
                values = Buffer.from_entry(entry, data).array().copy()  # (H, W, 4)
                values[..., :3] = linear_from_srgb(values[..., :3])
                entry["format"] = str(job.results[name])
                result = buffers.encode(values, job.results[name])
            job.answer.append((entry, result))


def _linear(job: WireJob) -> bool:
    linear = job.options.get("linear", False)
    if type(linear) is not bool:
        raise RequestError(
            "option-type", f'The option "linear" is {linear!r}, which is not a bool.'
        )
    return linear


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != "linear"}


def _encoded(job: WireJob, buffer: Buffer) -> Buffer:
    """Return a buffer's colours sRGB-encoded; masks are as they are."""
    if not _linear(job) or buffer.format.channels == "Y":
        return buffer
    values = pixels.to_float(buffer.array()).copy()  # (H, W, 3 or 4)
    values[..., :3] = srgb_from_linear(values[..., :3])
    channels = "RGBA" if values.shape[2] == 4 else "RGB"
    return replace(buffer, format=PixelFormat(channels, "f32"), data=values.tobytes())
