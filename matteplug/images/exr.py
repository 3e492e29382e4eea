"""OpenEXR files: linear light, colours multiplied by alpha, as the format's convention wants."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from matteplug import packages
from matteplug.errors import RequestError
from matteplug.images import pixels, profiles
from matteplug.images.samples import Samples, Space
from matteplug.types import Metadata, Size

MAGIC = b"v/1\x01"
BYTES_PER_PIXEL = 48.0
"""What decoding takes: the channels as stored, in floats, and converted."""


def encode(array: NDArray[Any], icc: bytes | None, metadata: Metadata) -> bytes:
    """Return the bytes of an OpenEXR file with BT.709 primaries.

    | array | shape | dtype | channels |
    |---|---|---|---|
    | array | (H, W) | uint8, uint16, float32 | Y: an alpha or a mask, its values unchanged |
    | | (H, W, 3) | | R, G, B |
    | | (H, W, 4) straight alpha | | R, G, B, A |

    8 bits become half floats, which hold their linear light; others single floats.

    Raises:
        PackageError: OpenEXR is not installed.
        RequestError: the profile is neither sRGB nor one of primaries and curves ("exr-profile").
    """
    packages.require("OpenEXR", purpose="Writing OpenEXR", extra="formats")
    import OpenEXR

    values = pixels.to_float(array)
    if array.ndim == 3:
        try:
            linear = profiles.linear_light(values[..., :3], icc)
        except ValueError as error:
            raise RequestError(
                "exr-profile",
                "The picture's profile has no primaries, so its linear light is not known.",
                "Convert the picture to sRGB, or write a .tif.",
            ) from error
        alpha = values[..., 3:]
        values = np.concatenate([linear * alpha, alpha], axis=2) if alpha.size else linear
    names = "Y" if array.ndim == 2 else "RGBA"[: array.shape[2]]
    stored = values.astype(np.float16 if array.dtype == np.uint8 else np.float32)
    header: dict[str, Any] = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "chromaticities": tuple(
            value for pair in (*profiles.BT709[1:], profiles.BT709[0]) for value in pair
        ),
    }
    texts = {"owner": metadata.copyright, "comments": metadata.description}
    header |= {name: text for name, text in texts.items() if text}
    with tempfile.TemporaryDirectory(prefix="matteplug-") as folder:
        path = Path(folder, "result.exr")
        with OpenEXR.File(header, {names: np.ascontiguousarray(stored)}) as file:
            file.write(str(path))
        return path.read_bytes()


class UnreadableExr(Exception):
    """The file is valid, but of a kind that is not read; the text completes "… has "."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A file whose header is read.

    Attributes:
        path: the file.
        header: its attributes, by name.
    """

    path: str
    header: Mapping[str, Any]

    @property
    def size(self) -> Size:
        """The size of what is shown, the display window."""
        (left, top), (right, bottom) = self.header["displayWindow"]
        return Size(int(right - left) + 1, int(bottom - top) + 1)

    def decode(self) -> Samples:
        """Decode R, G, B and A, or Y and A; what the display window lacks is transparent black.

        Raises:
            UnreadableExr: it has other channels.
            Exception: of nearly any kind, it is damaged.
        """
        import OpenEXR

        with OpenEXR.File(self.path, separate_channels=True) as file:
            channels = file.channels()
            names = "RGB" if {"R", "G", "B"} <= set(channels) else "Y"
            if "Y" in names and ("Y" not in channels or {"RY", "BY"} & set(channels)):
                raise UnreadableExr(f"the channels {', '.join(sorted(channels))}")
            stored = [self._shown(channels[name].pixels) for name in names]
            alpha = self._shown(channels["A"].pixels) if "A" in channels else None
        colours = np.stack(stored, axis=2)
        if names == "RGB":
            colours = self._in_bt709(colours)
        if alpha is None and self._is_partial:
            alpha = self._shown(np.ones(self._data.shape, np.float32))
        whole = np.float32(1) if alpha is None else np.maximum(alpha, 0)[..., None]
        beyond = (colours < -pixels.ROUNDING) | (colours > whole + pixels.ROUNDING)
        notes: tuple[str, ...] = ()
        if share := float(beyond.any(axis=2).mean()):
            notes = (f"Light beyond 0 to 1, in {share:.1%} of the picture, was clipped.",)
        owner, comments = (str(self.header.get(name, "")) for name in ("owner", "comments"))
        return Samples(
            colours=np.clip(colours, 0, 1),
            space=Space.RGB if names == "RGB" else Space.GRAY,
            alpha=None if alpha is None else np.clip(alpha, 0, 1),
            premultiplied=True,
            linear=True,
            metadata=Metadata(copyright=owner, description=comments),
            notes=notes,
        )

    @property
    def _data(self) -> _Window:
        (left, top), (right, bottom) = self.header["dataWindow"]
        (x, y), _ = self.header["displayWindow"]
        return _Window(int(left - x), int(top - y), int(right - x) + 1, int(bottom - y) + 1)

    @property
    def _is_partial(self) -> bool:
        data, shown = self._data, self.size
        return (
            data.left > 0 or data.top > 0 or data.right < shown.width or data.bottom < shown.height
        )

    def _shown(self, channel: NDArray[Any]) -> NDArray[np.float32]:
        """Return what the display window shows of a channel of the data window, in floats."""
        data = self._data
        if channel.dtype.kind != "f":
            raise UnreadableExr("channels of whole numbers")
        if channel.shape != data.shape:
            raise UnreadableExr("channels of fewer samples than pixels")
        values = np.nan_to_num(channel.astype(np.float32), nan=0.0, posinf=65504.0, neginf=0.0)
        if data == _Window(0, 0, *self.size):
            return values
        width, height = self.size
        shown = np.zeros((height, width), np.float32)
        left, right = max(0, data.left), min(width, data.right)
        top, bottom = max(0, data.top), min(height, data.bottom)
        if left < right and top < bottom:
            inside = values[
                top - data.top : bottom - data.top, left - data.left : right - data.left
            ]
            shown[top:bottom, left:right] = inside
        return shown

    def _in_bt709(self, colours: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return linear light of the file's primaries as that of BT.709's."""
        given = self.header.get("chromaticities")
        if given is None:
            return colours
        own = _xyz_of(np.reshape(given, (4, 2)))
        bt709 = _xyz_of(np.array([*profiles.BT709[1:], profiles.BT709[0]]))
        if np.allclose(own, bt709, atol=1e-3):
            return colours
        converted: NDArray[np.float32] = colours @ (np.linalg.inv(bt709) @ own).T.astype(np.float32)
        return converted


@dataclass(frozen=True)
class _Window:
    """A data window, in pixels of the display window; right and bottom are beyond it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.bottom - self.top, self.right - self.left


@contextmanager
def opened(file: BinaryIO) -> Iterator[Opened]:
    """Yield a file whose header is read; what has no path is copied to one.

    Raises:
        PackageError: OpenEXR is not installed.
        Exception: of nearly any kind, the file is damaged.
    """
    packages.require("OpenEXR", purpose="Reading OpenEXR", extra="formats")
    import OpenEXR

    with tempfile.TemporaryDirectory(prefix="matteplug-") as folder:
        path = getattr(file, "name", None)
        if not isinstance(path, str):
            path = str(Path(folder, "picture.exr"))
            with open(path, "wb") as copy:
                shutil.copyfileobj(file, copy)
        with OpenEXR.File(path, header_only=True) as headed:
            if len(headed.parts) > 1:
                raise UnreadableExr(f"{len(headed.parts)} parts")
            yield Opened(path=path, header=dict(headed.header()))


def _xyz_of(xy: NDArray[Any]) -> NDArray[np.float64]:
    """Return the matrix from linear R, G, B to X, Y, Z.

    Args:
        xy: (4, 2) chromaticities of red, green, blue and white.
    """
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in xy]).T
    scale = np.linalg.solve(columns[:, :3], columns[:, 3])
    matrix: NDArray[np.float64] = columns[:, :3] * scale
    return matrix
