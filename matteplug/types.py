"""The values that travel between the layers: pictures, requests, options, geometry.

Arrays are (H, W[, C]); geometry is (width, height) in a named type.  An image array is uint8 [0,
255], uint16 [0, 65535] or float32 [0, 1]; an alpha array is float32 [0, 1], absolute, never
stretched.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import Cancelled
from matteplug.options import option

__all__ = [
    "BACKGROUND",
    "FOREGROUND",
    "UNKNOWN",
    "Alpha",
    "CancelToken",
    "Image",
    "MatteOptions",
    "MatteRequest",
    "Metadata",
    "Progress",
    "Rect",
    "Size",
    "Tensor",
    "Trimap",
    "View",
    "silent",
    "weighted",
    "within",
]

Image: TypeAlias = NDArray[Any]
"""(H, W, 3) uint8, uint16 or float32 colours, sRGB-encoded."""
Alpha: TypeAlias = NDArray[np.float32]
"""(H, W) float32, [0, 1]."""
Trimap: TypeAlias = NDArray[np.uint8]
"""(H, W) uint8, exactly BACKGROUND, UNKNOWN or FOREGROUND."""
Tensor: TypeAlias = NDArray[np.float32]
"""(B, C, H, W) float32, what a network takes and returns."""

BACKGROUND, UNKNOWN, FOREGROUND = 0, 128, 255

Progress: TypeAlias = Callable[[float, str], None]
"""Called with the fraction done, 0 to 1 and never falling, and what is being done."""


def silent(fraction: float, what: str) -> None:
    """Report nothing: the progress callback where none was given."""


def within(progress: Progress, begin: float, end: float) -> Progress:
    """Return the progress of a step whose work goes from `begin` to `end` of the whole."""
    return lambda fraction, what: progress(min(end, begin + fraction * (end - begin)), what)


def weighted(progress: Progress, weights: Mapping[str, float]) -> dict[str, Progress]:
    """Return the progress of each of some steps that follow one another.

    Args:
        progress: of the whole.
        weights: how long each step takes in relation to the others, in their order; 0 for a step
            that is left out.
    """
    ends = list(accumulate(weights.values()))
    parts = zip(weights, [0.0, *ends], ends, strict=False)
    return {name: within(progress, begin / ends[-1], end / ends[-1]) for name, begin, end in parts}


class Size(NamedTuple):
    """A width and a height in pixels."""

    width: int
    height: int

    @classmethod
    def of(cls, array: NDArray[Any]) -> Size:
        """Return the size of an (H, W, …) array."""
        return cls(array.shape[1], array.shape[0])

    @property
    def megapixels(self) -> float:
        """Return the area in millions of pixels."""
        return self.width * self.height / 1e6

    def __str__(self) -> str:
        return f"{self.width}×{self.height}"


class Rect(NamedTuple):
    """A rectangle in pixels: left, top, width, height."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def from_size(cls, size: Size) -> Rect:
        """Return the rectangle of a whole picture."""
        return cls(0, 0, size.width, size.height)

    @classmethod
    def around(cls, mask: NDArray[np.bool_]) -> Rect:
        """Return the smallest rectangle with every True pixel of an (H, W) mask; empty if none."""
        columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
        if not rows.size:
            return cls(0, 0, 0, 0)
        x, y = int(columns[0]), int(rows[0])
        return cls(x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)

    @property
    def right(self) -> int:
        """The column after the last one."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The row after the last one."""
        return self.y + self.height

    @property
    def area(self) -> int:
        """The number of pixels."""
        return self.width * self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index an (H, W) array with the rectangle."""
        return slice(self.y, self.bottom), slice(self.x, self.right)

    def grown(self, x_px: int, y_px: int) -> Rect:
        """Return the rectangle with `x_px` more on the left and right, `y_px` above and below."""
        return Rect(self.x - x_px, self.y - y_px, self.width + 2 * x_px, self.height + 2 * y_px)

    def intersection(self, other: Rect) -> Rect:
        """Return what both rectangles cover; its area is 0 where that is nothing."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Rect(x, y, max(0, right - x), max(0, bottom - y))

    def contains(self, other: Rect) -> bool:
        """Tell whether every pixel of `other` is in this rectangle."""
        return self.intersection(other) == other

    def relative_to(self, frame: Rect) -> Rect:
        """Return the rectangle in the coordinates of `frame`, whose corner is (0, 0) there."""
        return self._replace(x=self.x - frame.x, y=self.y - frame.y)

    def margins(self, size: Size) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return what a picture has (above, below) and (left, right) of it, as for `np.pad`."""
        return (self.y, size.height - self.bottom), (self.x, size.width - self.right)


View: TypeAlias = Callable[[Alpha, Rect], None]
"""Called while a matte is made with an alpha that is not yet final, at any scale, and the part of
the picture that it is of; the array is the callee's to read until it returns."""


class CancelToken:
    """A flag that another thread sets to stop a matte that is being computed."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._callbacks: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """Ask the work to stop; safe from any thread, any number of times."""
        self._event.set()
        for callback in list(self._callbacks):
            callback()

    @property
    def cancelled(self) -> bool:
        """Tell whether `cancel` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise if `cancel` was called.

        Raises:
            Cancelled: it was.
        """
        if self.cancelled:
            raise Cancelled

    def add_callback(self, callback: Callable[[], None]) -> None:
        """Call `callback` on cancel (at once if that has already happened)."""
        self._callbacks.append(callback)
        if self.cancelled:
            callback()

    def remove_callback(self, callback: Callable[[], None]) -> None:
        """Remove a callback that was added."""
        self._callbacks.remove(callback)


@dataclass(frozen=True, kw_only=True)
class MatteOptions:
    """How to make a matte, described as `matteplug.options` says; the defaults suit most people.

    An option is one entry here, and what is done with it.
    """

    band_px: int | None = option(
        None,
        label="Band width",
        help="How far the unknown band reaches to both sides of a hard edge",
        automatic="adapts to the object",
        unit="pixels",
        low=1,
        high=2000,
        guides=("selection", "trimap"),
        range_code="band-width",
    )
    selection_kind: str = option(
        "automatic",
        label="Selection",
        help="What a selection is: exact, along the edge; rough, off by up to a twelfth of the "
        "subject's size; or a box around it",
        choices=("automatic", "exact", "rough", "box"),
        guides=("selection",),
    )
    clean_colours: bool = option(
        True,
        label="Clean colours",
        help="Remove the background's colour from soft edges",
    )
    remove_islands_px: int = option(
        0,
        label="Remove islands",
        help="Remove what lies apart and is smaller than this area",
        unit="pixels",
        low=0,
        high=1_000_000,
        group="Edge",
    )
    fill_holes_px: int = option(
        0,
        label="Fill holes",
        help="Fill enclosed holes that are smaller than this area",
        unit="pixels",
        low=0,
        high=1_000_000,
        group="Edge",
    )
    smooth_px: int = option(
        0,
        label="Smooth",
        help="Even out hills and valleys of the outline that are narrower than this",
        unit="pixels",
        low=0,
        high=100,
        group="Edge",
    )
    feather_px: int = option(
        0,
        label="Feather",
        help="Blur the edge as far as this to both sides",
        unit="pixels",
        low=0,
        high=250,
        group="Edge",
    )
    contrast_percent: int = option(
        0,
        label="Contrast",
        help="Make soft transitions steeper; at 100 the edge is hard",
        unit="percent",
        low=0,
        high=100,
        group="Edge",
    )
    shift_edge_percent: int = option(
        0,
        label="Shift edge",
        help="Move the soft edge outward or, below 0, inward",
        unit="percent",
        low=-100,
        high=100,
        group="Edge",
    )
    decontaminate_percent: int = option(
        100,
        label="Decontaminate",
        help="How much of the background's colour is removed, where colours are cleaned",
        unit="percent",
        low=0,
        high=100,
        group="Edge",
    )
    refine: bool = option(
        True,
        label="Refine the edge",
        help="Refine the soft edge with a trimap network, if the matte was made without a trimap",
        guides=("plate", "none"),
    )
    align: bool = option(
        True,
        label="Align the plate",
        help="Register the plate to the picture before it is used",
        guides=("plate",),
    )
    hide_original: bool = option(
        True,
        label="Hide the original",
        help="Hide the layer or picture below a new one; one undo shows it again",
        hosts=("gimp3", "gimp2", "inkscape"),
        pixels=False,
    )
    commercial: bool = option(
        False,
        label="Commercial use only",
        help="Use only networks whose licences allow commercial use, and refuse others by name",
        hosts=("batch",),
    )
    limit_mib: int | None = option(
        None,
        label="Memory limit",
        help="Memory that the network may take at a time",
        automatic="1024, which a network that has to see the picture whole may exceed",
        unit="MiB",
        low=1,
        high=1 << 20,
        range_code="limit-too-small",
    )
    provider: str = option(
        "auto",
        label="Provider",
        help="Execution provider: cpu, cuda, …, or auto for the best that works",
        hosts=("batch",),
        pixels=False,  # each is proven to give the same matte
    )
    keep_metadata: bool = option(
        True,
        label="Keep metadata",
        help="Copy resolution, copyright, artist, description and date to the result",
        hosts=("batch",),
        pixels=False,
    )
    max_area_megapixels: int | None = option(
        None,
        label="Largest area",
        help="Area of the largest picture file that is opened",
        automatic="MATTEPLUG_MAX_MEGAPIXELS, or 400",
        unit="megapixels",
        low=1,
        high=1 << 20,
        hosts=("batch",),
        pixels=False,
    )
    max_side_px: int | None = option(
        None,
        label="Longest side",
        help="Longest side of a picture file that is opened",
        automatic="MATTEPLUG_MAX_SIDE_PX, or 65535",
        unit="pixels",
        low=1,
        high=1 << 30,
        hosts=("batch",),
        pixels=False,
    )
    max_memory_mib: int | None = option(
        None,
        label="Memory for a file",
        help="Memory that decoding one file may take",
        automatic="MATTEPLUG_MAX_MEMORY_MIB, or 1280 and at most a quarter of the machine's",
        unit="MiB",
        low=1,
        high=1 << 20,
        hosts=("batch",),
        pixels=False,
    )
    max_time_seconds: int | None = option(
        None,
        label="Time for a file",
        help="Processor time that decoding one file may take",
        automatic="MATTEPLUG_MAX_SECONDS, or 9",
        unit="seconds",
        low=1,
        high=1 << 20,
        hosts=("batch",),
        pixels=False,
    )


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What travels from a picture to its result, beside its colours.

    Attributes:
        dpi: resolution across and down in pixels per inch.
        copyright, artist, description: as the picture says; empty for nothing.
        date: as EXIF has it ("2026:01:02 03:04:05").
    """

    dpi: tuple[float, float] | None = None
    copyright: str = ""
    artist: str = ""
    description: str = ""
    date: str = ""


@dataclass(frozen=True, kw_only=True)
class MatteRequest:
    """Everything that is needed to make one matte; `matteplug.api.run` checks it.

    Attributes:
        image: (H, W, 3) uint8, uint16 or float32 [0, 1].
        trimap: (H, W) uint8, 0, 128 or 255; or None.
        selection: (H, W) float32 [0, 1], a rough one, whose wide band `trimap` is then; or None.
        plate: clean background plate, an image like `image`; or None.
        segmentation: (H, W) float32 [0, 1], coarse soft mask for networks that take one; or None.
        opacity: (H, W) float32 [0, 1], the image's own alpha, by which the matte's is multiplied;
            None where it is opaque.
        icc: colour profile of the image, for the result; None for sRGB.
        metadata: resolution, copyright and the like, for the result.
        options: see `MatteOptions`.
        notes: what was decided while the request was made ("2 stray pixels became unknown").
    """

    image: Image
    network: str | None = option(
        None, label="Network", help="Id of the network", automatic="the best for the guide"
    )
    trimap: Trimap | None = None
    selection: Alpha | None = None
    plate: Image | None = None
    segmentation: Alpha | None = None
    opacity: Alpha | None = None
    icc: bytes | None = None
    metadata: Metadata = field(default_factory=Metadata)
    options: MatteOptions = field(default_factory=MatteOptions)
    notes: tuple[str, ...] = ()
