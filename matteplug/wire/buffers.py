"""Raw pixels as hosts send them: a format, a rectangle and bytes, to arrays and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.images import pixels
from matteplug.types import Rect

__all__ = ["Buffer", "PixelFormat", "encode"]

_CHANNELS = {"Y": (0,), "RGB": (0, 1, 2), "RGBA": (0, 1, 2, 3), "BGRA": (2, 1, 0, 3)}
"""Where red, green, blue and alpha lie; the permutations are their own inverses."""
_DEPTHS = {"u8": np.uint8, "u16": np.uint16, "f16": np.float16, "f32": np.float32}


class PixelFormat(NamedTuple):
    """Channels and depth of packed pixels; written "BGRA u8"."""

    channels: str
    depth: str

    @classmethod
    def parse(cls, text: str) -> PixelFormat:
        """Return the format that `text` names.

        Raises:
            RequestError: there is no such format.
        """
        channels, _, depth = text.partition(" ")
        if channels not in _CHANNELS or depth not in _DEPTHS:
            raise RequestError(
                "pixel-format",
                f'There is no pixel format "{text}".',
                f"Channels are {', '.join(_CHANNELS)}; depths are {', '.join(_DEPTHS)}.",
            )
        return cls(channels, depth)

    @property
    def order(self) -> tuple[int, ...]:
        """The positions of red, green, blue and alpha."""
        return _CHANNELS[self.channels]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of one channel, in the machine's byte order."""
        return np.dtype(_DEPTHS[self.depth])

    def __str__(self) -> str:
        return f"{self.channels} {self.depth}"


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """Pixels of a host.

    Attributes:
        name: what they are: "image", "selection", ….
        format: channels and depth.
        rect: where they lie in the host's coordinates.
        data: rows from the top, packed.
    """

    name: str
    format: PixelFormat
    rect: Rect
    data: bytes

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any], data: bytes) -> Buffer:
        """Return the buffer that an entry of a frame's header describes.

        Raises:
            RequestError: the entry is incomplete, or the number of bytes is not what it says.
        """
        name = str(entry["name"])
        try:
            pixel_format = PixelFormat.parse(str(entry["format"]))
            width, height = map(int, entry["size"])
            x, y = map(int, entry.get("at", (0, 0)))
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise RequestError(
                "buffer-form", f'The buffer "{name}" lacks its format, size or place.'
            ) from error
        expected = width * height * len(pixel_format.order) * pixel_format.dtype.itemsize
        if width < 1 or height < 1 or len(data) != expected:
            raise RequestError(
                "buffer-size",
                f'The buffer "{name}" has {len(data)} bytes; {width}×{height} pixels of '
                f"{pixel_format} have {expected}.",
            )
        return cls(name=name, format=pixel_format, rect=Rect(x, y, width, height), data=data)

    def array(self) -> NDArray[Any]:
        """Return the pixels as (H, W) for Y, else (H, W, 3) RGB or (H, W, 4) RGBA.

        The dtype is the format's, but float32 for f16.
        """
        shape = (self.rect.height, self.rect.width, len(self.format.order))
        raw = np.frombuffer(self.data, self.format.dtype).reshape(shape)  # (H, W, C)
        if self.format.depth == "f16":
            raw = raw.astype(np.float32)
        if self.format.channels == "Y":
            return raw[..., 0]
        return _swapped(raw) if self.format.channels == "BGRA" else raw

    def placed(self, rect: Rect) -> NDArray[Any]:
        """Return the pixels of `rect`, (H, W[, C]), zero outside the buffer.

        A selection covers the whole picture and a layer a part of it; this aligns them.
        """
        pixels = self.array()
        if rect == self.rect:
            return pixels
        result = np.zeros((rect.height, rect.width, *pixels.shape[2:]), pixels.dtype)
        common = rect.intersection(self.rect)
        if common.area:
            source = common.relative_to(self.rect).slices
            result[common.relative_to(rect).slices] = pixels[source]
        return result


def encode(array: NDArray[Any], pixel_format: PixelFormat) -> bytes:
    """Return an array's pixels as bytes of a format.

    Args:
        array: (H, W) for Y, (H, W, 3) RGB or (H, W, 4) RGBA; uint8, uint16 or float32 [0, 1].
        pixel_format: what the host asked for; values of the same depth are kept bit for bit.
    """
    values = _swapped(array) if pixel_format.channels == "BGRA" else array
    if pixel_format.depth == "f16":
        values = pixels.to_float(values).astype(np.float16)
    elif pixel_format.dtype != values.dtype:
        values = pixels.from_float(pixels.to_float(values), pixel_format.dtype)
    return values.tobytes()


def _swapped(values: NDArray[Any]) -> NDArray[Any]:
    """Return (H, W, 4) RGBA as BGRA or vice versa; ten times as fast as indexing."""
    from matteplug.opencv import cv2

    return np.asarray(cv2.cvtColor(values, cv2.COLOR_RGBA2BGRA))
