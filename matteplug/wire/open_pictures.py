"""The pictures that a host has open: frames "open", "edge", "stroke", "paint", "undo", "close"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from matteplug import options
from matteplug.editing import OpenPicture, Painted, Stroke
from matteplug.engine import Engine
from matteplug.errors import RequestError, WireError
from matteplug.host import HostAdapter
from matteplug.images import pixels
from matteplug.images.scaling import resized, scaled_size
from matteplug.result import Matte
from matteplug.types import (
    BACKGROUND,
    FOREGROUND,
    UNKNOWN,
    Alpha,
    CancelToken,
    Image,
    MatteOptions,
    MatteRequest,
    Progress,
    Rect,
    Size,
    Trimap,
)
from matteplug.wire import WireJob
from matteplug.wire.buffers import Buffer, encode

__all__ = ["OpenPictures"]

LIMIT_MIB = 4096
"""Memory for all open pictures together, beside what is computed with."""
_PER_PIXEL_BYTES = 4 + 1 + 1 + 1  # alpha, trimap, trimap as opened, what is painted

Answer = list[tuple[dict[str, Any], bytes]]
"""Entries of a frame's buffers with their bytes."""
Send = Callable[[dict[str, Any], Answer], None]
"""Sends a frame."""

_PAINTS = {"foreground": FOREGROUND, "background": BACKGROUND, "unknown": UNKNOWN}


@dataclass(frozen=True)
class _Opened:
    """An open picture, and what reads and answers its frames."""

    picture: OpenPicture
    adapter: HostAdapter[WireJob]
    job: WireJob


class OpenPictures:
    """The open pictures of one host, by the id of the frame that opened each."""

    def __init__(self) -> None:
        self._opened: dict[str, _Opened] = {}

    def open(
        self,
        header: Mapping[str, Any],
        adapter: HostAdapter[WireJob],
        job: WireJob,
        *,
        engine: Engine,
        progress: Progress,
        cancel: CancelToken,
        send: Send,
    ) -> Matte:
        """Open a picture: make its matte, and send the views on the way.

        Raises:
            Cancelled, EngineError, NetworkError: as `matteplug.api.run`.
            RequestError: as there; or there is no memory for another picture ("open-limit").
        """
        longest_px = _number(header, "view", 0)
        request = adapter.read(job)
        self._make_room_for(request)
        views = _Views(request, longest_px, header.get("id"), send) if longest_px >= 1 else None
        picture = OpenPicture(
            request,
            engine=engine,
            progress=_told(views, progress),
            cancel=cancel,
            view=None if views is None else views.add,
        )
        self._opened[_key(header.get("id"))] = _Opened(picture, adapter, job)
        return picture.matte

    def edge(self, header: Mapping[str, Any]) -> Answer:
        """Return the results of a rectangle, with the edge adjusted and scaled down as asked.

        Raises:
            RequestError: the picture is not open, or what is asked for cannot be given.
        """
        opened = self._named(header)
        rect = opened.job.rect if header.get("rect") is None else _rect(header["rect"])
        scale = _number(header, "scale", 1.0)
        given = {k: v for k, v in (header.get("options") or {}).items() if v is not None}
        chosen = options.read(MatteOptions, given)
        matte = opened.picture.part(chosen, rect.relative_to(opened.job.rect), scale)
        results = dict(header.get("results") or {})
        trimap_format = results.pop("trimap", None)
        job = _part(opened.job, rect, scale)
        job = replace(job, results=WireJob.formats(results))
        opened.adapter.write(job, matte)
        if trimap_format is not None:
            trimap = opened.picture.trimap[rect.relative_to(opened.job.rect).slices]
            job.answer.append(_trimap(trimap, str(trimap_format), rect, Size.of(matte.alpha)))
        return job.answer

    def stroke(self, header: Mapping[str, Any], cancel: CancelToken) -> Rect:
        """Paint a stroke, and return the rectangle that changed.

        Raises:
            Cancelled: `cancel` was set; nothing has changed then.
            RequestError: the picture is not open, or the stroke is none.
            EngineError, NetworkError: as `matteplug.api.run`.
        """
        opened = self._named(header)
        at = opened.job.rect
        paint = header.get("paint")
        if not isinstance(paint, str) or paint not in _PAINTS:
            raise RequestError(
                "stroke-form", f"A stroke paints {', '.join(_PAINTS)}, not {paint!r}."
            )
        try:
            points = [(float(x) - at.x, float(y) - at.y) for x, y in header["points"]]
        except (KeyError, TypeError, ValueError) as error:
            raise RequestError("stroke-form", "A stroke's points are pairs of numbers.") from error
        stroke = Stroke(what=_PAINTS[paint], radius_px=_number(header, "radius"), points=points)
        return _placed(opened.picture.stroke(stroke, cancel=cancel), at)

    def paint(
        self, header: Mapping[str, Any], data: Mapping[str, bytes], cancel: CancelToken
    ) -> Rect:
        """Take over what a layer of the host has painted, and return the rectangle that changed.

        Raises:
            Cancelled: `cancel` was set; nothing has changed then.
            RequestError: the picture is not open, or the layer lies outside it.
            EngineError, NetworkError: as `matteplug.api.run`.
        """
        opened = self._named(header)
        at = opened.job.rect
        entry = next((one for one in header["buffers"] if one["name"] == "trimap"), None)
        if entry is None:
            raise RequestError("stroke-form", "What is painted comes in the buffer trimap.")
        layer = Buffer.from_entry(entry, data["trimap"])
        rect = layer.rect.intersection(at)
        if not rect.area:
            raise RequestError("stroke-outside", "The stroke lies outside the picture.")
        painted = _painted(layer.placed(rect), rect.relative_to(at))
        return _placed(opened.picture.stroke(painted, cancel=cancel), at)

    def undo(self, header: Mapping[str, Any]) -> Rect:
        """Take the last stroke back, and return the rectangle that changed; empty without one.

        Raises:
            RequestError: the picture is not open.
        """
        opened = self._named(header)
        return _placed(opened.picture.undo(), opened.job.rect)

    def close(self, header: Mapping[str, Any]) -> None:
        """Forget a picture; one that is not open is no mistake."""
        self._opened.pop(_key(header.get("picture")), None)

    def _named(self, header: Mapping[str, Any]) -> _Opened:
        opened = self._opened.get(_key(header.get("picture")))
        if opened is None:
            raise RequestError(
                "not-open", "The picture is not open any more.", "Open the dialog again."
            )
        return opened

    def _make_room_for(self, request: MatteRequest) -> None:
        size = Size.of(request.image)
        needed = 2 * request.image.nbytes + size.width * size.height * _PER_PIXEL_BYTES
        taken = sum(opened.picture.nbytes for opened in self._opened.values())
        if taken + needed > LIMIT_MIB << 20:
            raise RequestError(
                "open-limit",
                f"There is no room for a picture of {size} beside those that are open.",
                "Close another preview, or select or crop a smaller part.",
            )


class _Views:
    """A small copy of the alpha, sent whenever more of it is known."""

    def __init__(self, request: MatteRequest, longest_px: float, number: Any, send: Send) -> None:
        size = Size.of(request.image)
        self._scale = min(1.0, longest_px / max(size))
        self._number, self._send = number, send
        small = scaled_size(size, self._scale)
        known = np.zeros((size.height, size.width), np.uint8)
        self._alpha = resized(known if request.trimap is None else request.trimap, small)
        self.share = 0.0

    def add(self, alpha: Alpha, rect: Rect) -> None:
        """Send the view with `alpha` in it, which is of a rectangle of the picture."""
        height, width = self._alpha.shape
        x, y = round(rect.x * self._scale), round(rect.y * self._scale)
        right = min(width, max(x + 1, round(rect.right * self._scale)))
        bottom = min(height, max(y + 1, round(rect.bottom * self._scale)))
        part = resized(alpha, Size(right - x, bottom - y))
        self._alpha[y:bottom, x:right] = pixels.from_float(part, np.uint8)
        entry = {"name": "alpha", "format": "Y u8", "size": [width, height], "at": [0, 0]}
        header = {"type": "view", "id": self._number, "share": self.share}
        self._send(header, [(entry, self._alpha.tobytes())])


def _told(views: _Views | None, progress: Progress) -> Progress:
    """Return the progress that the views know, too."""
    if views is None:
        return progress

    def tell(share: float, what: str) -> None:
        views.share = share
        progress(share, what)

    return tell


def _trimap(trimap: Trimap, text: str, rect: Rect, size: Size) -> tuple[dict[str, Any], bytes]:
    """Return a part of the trimap as a buffer; scaled down, its levels are mixed at borders."""
    if text != "Y u8":
        raise RequestError("result-unknown", f"A trimap is given as Y u8, not as {text}.")
    at = [rect.x, rect.y]
    entry = {"name": "trimap", "format": text, "size": list(size), "at": at}
    return entry, resized(np.ascontiguousarray(trimap), size).tobytes()


def _part(job: WireJob, rect: Rect, scale: float) -> WireJob:
    """Return a job whose image is a rectangle of a job's, scaled down."""
    image = job.buffers["image"]
    if rect == image.rect and scale == 1:
        return replace(job, answer=[])
    size = scaled_size(Size(rect.width, rect.height), scale)
    part = resized(np.ascontiguousarray(image.placed(rect)), size)
    small = Buffer(
        name="image",
        format=image.format,
        rect=Rect(rect.x, rect.y, size.width, size.height),
        data=encode(part, image.format),
    )
    return replace(job, buffers={"image": small}, answer=[])


def _painted(colours: Image, rect: Rect) -> Painted:
    """Return what a layer's pixels, (H, W, 3 or 4), stand for; half transparent is not painted."""
    if colours.ndim != 3:
        raise RequestError("stroke-form", "What is painted has colours.", "Send it as RGBA.")
    values = pixels.to_float(colours)
    opaque = values[..., 3] >= 0.5 if values.shape[2] == 4 else np.ones(values.shape[:2], bool)
    gray = values[..., :3].mean(axis=2)
    trimap = np.full(gray.shape, UNKNOWN, np.uint8)
    trimap[gray < 1 / 3], trimap[gray > 2 / 3] = BACKGROUND, FOREGROUND
    return Painted(rect=rect, trimap=trimap, painted=opaque)


def _placed(rect: Rect, at: Rect) -> Rect:
    return rect._replace(x=rect.x + at.x, y=rect.y + at.y)


def _key(number: Any) -> str:
    """Return an id, which is any JSON value, as a key."""
    return repr(number)


def _rect(value: Any) -> Rect:
    try:
        return Rect(*map(int, value))
    except (OverflowError, TypeError, ValueError) as error:
        raise WireError("wire-header", '"rect" is not four whole numbers.') from error


def _number(header: Mapping[str, Any], name: str, default: float | None = None) -> float:
    value = header.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WireError("wire-header", f'"{name}" is a {type(value).__name__}, not a number.')
    return float(value)
