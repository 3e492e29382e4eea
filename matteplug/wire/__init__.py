"""A host's request over the wire as a job, and the adapter that reads and answers it.

The bytes and their frames are `matteplug.bridge`; a host whose buffers mean something else brings
an adapter of its own (hook `matteplug_hosts`), which may build on `WireAdapter`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matteplug import api, options
from matteplug.errors import RequestError
from matteplug.images import arguments, pixels
from matteplug.result import Matte
from matteplug.types import Alpha, Image, MatteOptions, MatteRequest, Rect
from matteplug.wire import buffers
from matteplug.wire.buffers import Buffer, PixelFormat

__all__ = ["WireAdapter", "WireJob"]

_OPAQUE = 1 - 1e-6
"""Alpha from here on counts as opaque: GIMP has faster ways to floats that end at 0.9999999."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # Rec. 709
_RESULTS = {"alpha": ("Y",), "foreground": ("RGB", "RGBA", "BGRA"), "cutout": ("RGBA", "BGRA")}


@dataclass(frozen=True, kw_only=True)
class WireJob:
    """One request of a host.

    Attributes:
        buffers: by name: "image", and "selection", "trimap", "plate", "segmentation" where given.
        options: as the host sent them; null stands for the default.
        results: the formats of what is wanted: "alpha", "foreground", "cutout".
        answer: what `write` made: header entries and their bytes.
    """

    buffers: Mapping[str, Buffer]
    options: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, PixelFormat] = field(default_factory=dict)
    answer: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)

    @classmethod
    def from_frame(cls, header: Mapping[str, Any], data: Mapping[str, bytes]) -> WireJob:
        """Return the job that a frame "matte" stands for.

        Raises:
            RequestError: it lacks the image, or a buffer or result is none that is known.
        """
        sent = {
            str(entry["name"]): Buffer.from_entry(entry, data[entry["name"]])
            for entry in header["buffers"]
        }
        if "image" not in sent:
            raise RequestError("image-missing", "The host sent no image.")
        return cls(
            buffers=sent,
            options=dict(header.get("options") or {}),
            results=cls.formats(header.get("results") or {}),
        )

    @staticmethod
    def formats(results: Mapping[str, Any]) -> dict[str, PixelFormat]:
        """Return the formats of the results that a header asks for.

        Raises:
            RequestError: a result, or its format, is none that is made.
        """
        formats = {}
        for name, text in results.items():
            formats[name] = PixelFormat.parse(str(text))
            if formats[name].channels not in _RESULTS.get(name, ()):
                raise RequestError(
                    "result-unknown", f'The host asked for "{name}" as {text}, which is not made.'
                )
        return formats

    @property
    def rect(self) -> Rect:
        """Return where the image lies; guides and results have this rectangle."""
        return self.buffers["image"].rect


class WireAdapter:
    """Reads jobs whose buffers are what their names say."""

    def read(self, job: WireJob) -> MatteRequest:
        """See `matteplug.host.HostAdapter.read`."""
        given = {name: value for name, value in job.options.items() if value is not None}
        (network,) = options.of(MatteRequest)
        named = network.checked(given.pop(network.name, None))
        image, notes = _colours(job.buffers["image"])
        plate = job.buffers.get("plate")
        if plate is not None and not plate.rect.contains(job.rect):
            raise RequestError(
                "plate-size",
                "The plate does not cover the picture.",
                "Take one of the same size and at the same place.",
            )
        request = MatteRequest(
            image=image,
            network=named,
            plate=None if plate is None else _colours(plate, job.rect, "plate")[0],
            segmentation=_mask(job, "segmentation"),
            options=options.read(MatteOptions, given),
            notes=notes,
        )
        return api.with_guide(
            request, trimap=_mask(job, "trimap"), selection=_mask(job, "selection")
        )

    def write(self, job: WireJob, matte: Matte) -> None:
        """See `matteplug.host.HostAdapter.write`; the answer has the image's rectangle."""
        for name, pixel_format in job.results.items():
            if name == "alpha":
                values: Image = matte.alpha
            elif pixel_format.channels == "RGB":
                values = _with_highlights(job, matte)
            else:
                alpha = matte.alpha if name == "cutout" else np.ones_like(matte.alpha)
                values = pixels.cutout(_with_highlights(job, matte), alpha * _opacity(job))
            data = buffers.encode(values, pixel_format)
            entry = {
                "name": name,
                "format": str(pixel_format),
                "size": [job.rect.width, job.rect.height],
                "at": [job.rect.x, job.rect.y],
            }
            job.answer.append((entry, data))


def _colours(
    buffer: Buffer, rect: Rect | None = None, what: str = "image"
) -> tuple[Image, tuple[str, ...]]:
    """Return a buffer's colours in [0, full scale], (H, W, 3), and notes."""
    array = buffer.placed(rect or buffer.rect)
    colours, notes = arguments.colours(array, what), tuple[str, ...]()
    if array.ndim == 3 and array.shape[2] == 4 and (pixels.to_float(array[..., 3]) < _OPAQUE).any():
        notes += ("The picture was partly transparent, and stays so.",)
    if colours.dtype.kind == "f" and (colours.min() < 0 or colours.max() > 1):
        colours = np.clip(colours, 0, 1)
        notes += (f"Colours of the {what} beyond 0 to 1 were clipped for the estimate.",)
    return colours, notes


def _opacity(job: WireJob) -> Alpha | float:
    """Return the image's own alpha."""
    image = job.buffers["image"]
    return pixels.to_float(image.array()[..., 3]) if len(image.format.order) == 4 else 1.0


def _mask(job: WireJob, name: str) -> Alpha | None:
    """Return a mask in the image's rectangle, (H, W) float32 [0, 1]; None where there is none."""
    if name not in job.buffers:
        return None
    mask = job.buffers[name].placed(job.rect)
    if name == "trimap" and mask.ndim == 3:
        mask = _over_black(mask)
    if mask.ndim != 2:
        raise RequestError(
            "mask-form", f"The {name} has {mask.shape[2]} channels.", "Send it as Y."
        )
    if mask.dtype.kind != "f":
        return pixels.to_float(mask)
    if not np.isfinite(mask).all():
        raise RequestError("mask-not-finite", f"The {name} has NaN or infinite values.")
    # A host's arithmetic ends a little beside 0 and 1; full scale is 1 whatever the largest value.
    clipped: Alpha = np.clip(mask, 0, 1)
    return clipped


def _over_black(colours: Image) -> Alpha:
    """Return the gray, (H, W) [0, 1], of (H, W, 3 or 4): what is transparent, or erased, is 0."""
    values = pixels.to_float(colours)
    gray: Alpha = values[..., :3] @ _LUMA  # (H, W)
    return gray * values[..., 3] if values.shape[2] == 4 else gray


def _with_highlights(job: WireJob, matte: Matte) -> Image:
    """Return the foreground, where it is the opaque image's with the colours clipped in `read`."""
    if matte.foreground.dtype != np.float32:
        return matte.foreground
    unclipped = arguments.colours(job.buffers["image"].array(), "image")
    own = (matte.foreground == np.clip(unclipped, 0, 1)).all(axis=2) & (matte.alpha == 1)
    colours: Image = np.where(own[..., None], unclipped, matte.foreground)
    return colours
