"""Trimaps: read from masks of any convention, made from selections, checked and repaired.

A mask becomes a trimap in three steps: its values are scaled to [0, 1] (`masks`), their
distribution tells its kind (three levels, soft, hard), and what is missing is repaired with a note
or refused with a reason.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.guides import levels, masks, unknown_band
from matteplug.types import BACKGROUND, FOREGROUND, UNKNOWN, Size, Trimap

_NEAR = 16 / 255
"""Values this close to black and white are known: what JPEG does to a trimap stays inside it."""
_PARTIAL = 3 / 255
"""A soft selection is partial farther from black and white than this."""
_LEVEL_FRACTION = 0.8
"""Fraction of the gray pixels that must lie near one value for a mask to be a trimap."""
_SOFT_FRACTION = 0.25
"""A selection is soft where its partial part is thicker than this fraction of the band; thinner
gray is just antialiasing."""


class TrimapResult(NamedTuple):
    """A trimap and what was decided about it.

    Attributes:
        trimap: (H, W) uint8, exactly 0, 128 or 255, some of it unknown and some of it known.
        notes: sentences for the user.
    """

    trimap: Trimap
    notes: tuple[str, ...] = ()


def from_mask(mask: NDArray[Any], band_px: int | None = None) -> TrimapResult:
    """Return the trimap for a mask file or array.

    | mask | read as |
    |---|---|
    | black, one gray, white (0/128/255, 0/1/2, 16-bit, float; a little noise) | trimap |
    | black and white only | hard selection: its edge gets an unknown band |
    | grays of many values | soft selection: its partial part, widened, is unknown |

    Args:
        mask: (H, W) in one of the conventions of `masks.unit`.
        band_px: for a mask read as a selection; see `from_selection`.

    Raises:
        RequestError: the mask is all one ("trimap-all-background", "trimap-all-foreground",
            "trimap-all-unknown"), is not a mask ("mask-form", "mask-values"), or the band that it
            needs is not possible ("band-width", "trimap-all-unknown"); or its levels are too close
            to each other ("trimap-levels").
    """
    unit, notes = masks.unit(mask)
    trimap = np.full(unit.shape, UNKNOWN, np.uint8)
    trimap[unit <= _NEAR] = BACKGROUND
    trimap[unit >= 1 - _NEAR] = FOREGROUND
    values = unit[trimap == UNKNOWN]
    if values.size == unit.size and len(clean := levels.clean(unit)) > 1:
        raise RequestError(
            "trimap-levels",
            f"The trimap's levels are {', '.join(map(str, clean))} of 255, which do not tell "
            "foreground from background.",
            "Paint background black (0), the uncertain edge gray (128), foreground white (255).",
        )
    if values.size:
        level = float(np.median(values))
        off_level = np.abs(values - level) > _NEAR
        if off_level.mean() > 1 - _LEVEL_FRACTION:
            result = around(unit, band_px)
            note = "The trimap has many gray values, so it was read as a soft selection."
            return TrimapResult(result.trimap, (*notes, note, *result.notes))
        if abs(level - 0.5) > 2 * _NEAR:
            notes += (f"The gray {round(level * 255)} of 255 was read as unknown.",)
        strays = int(off_level.sum())
        if strays:
            notes += (f"{strays} pixels of other values became unknown.",)
    return repair(trimap, notes, band_px)


def from_selection(selection: NDArray[Any], band_px: int | None = None) -> TrimapResult:
    """Return a trimap for a host's selection.

    Along a hard edge the unknown band extends `band_px` to both sides.  By default its width
    follows the size and thickness of each selected object, and always leaves part of the object
    known.  Where the selection is soft, its partially selected pixels, widened, are unknown.

    Args:
        selection: (H, W) bool, uint8, uint16 or float32; full scale is selected.
        band_px: half width of the band in pixels, or None to adapt.

    Raises:
        RequestError: nothing or everything is selected ("selection-empty", "selection-all"), the
            band covers everything ("trimap-all-unknown"), or the selection is not a mask.
    """
    unit, notes = masks.unit(selection)
    result = around(unit, band_px)
    return TrimapResult(result.trimap, notes + result.notes)


def around(unit: NDArray[np.float32], band_px: int | None) -> TrimapResult:
    """Return a trimap laid around a selection, (H, W) float32 [0, 1]; see `from_selection`.

    Raises:
        RequestError: as `from_selection`, but for what is not a mask.
    """
    if band_px is not None and band_px < 1:
        raise RequestError(
            "band-width", f"A band of {band_px} pixels is not possible.", "Use 1 pixel or more."
        )
    selected = unit >= 0.5
    partial = (unit > _PARTIAL) & (unit < 1 - _PARTIAL)
    if not selected.any() and not partial.any():
        raise RequestError("selection-empty", "Nothing is selected.", "Select the object first.")
    if selected.all() and not partial.any():
        raise RequestError(
            "selection-all",
            "Everything is selected, so there is no edge to cut along.",
            "Select the object only.",
        )
    unknown = np.zeros(unit.shape, bool)
    notes: tuple[str, ...]
    radius = band_px or 0
    if selected.any() and not selected.all():
        unknown, radius = unknown_band.along_edges(selected, band_px)
    soft_px = unknown_band.half_thickness(partial)
    if soft_px > max(1.5, _SOFT_FRACTION * radius):
        widen_px = band_px or round(min(max(unknown_band.SMALLEST_RADIUS_PX, soft_px / 2), 16))
        if band_px is None and unknown.any():  # its hard parts get the narrowest band
            unknown, _ = unknown_band.along_edges(selected, unknown_band.SMALLEST_RADIUS_PX)
        unknown |= unknown_band.depth(~partial) <= widen_px
        notes = (f"The partially selected pixels, widened by {widen_px} px, are unknown.",)
    else:
        unknown |= partial
        notes = (f"A band of {radius} px on both sides of the selection's edge is unknown.",)
    trimap = np.where(selected, FOREGROUND, BACKGROUND).astype(np.uint8)
    trimap[unknown] = UNKNOWN
    return repair(trimap, notes)


def repair(trimap: Trimap, notes: tuple[str, ...] = (), band_px: int | None = None) -> TrimapResult:
    """Return a trimap that a network can use, with notes on what was changed.

    Without an unknown area the foreground is read as a selection; without known foreground the
    innermost part of the unknown area becomes foreground.

    Args:
        trimap: (H, W) uint8, 0, 128 or 255.
        notes: earlier notes.
        band_px: for a mask read as a selection; see `from_selection`.

    Raises:
        RequestError: there is nothing to compute ("trimap-all-background",
            "trimap-all-foreground"), nothing is known ("trimap-all-unknown"), or the band that it
            needs is not possible, as `from_selection`.
    """
    background, unknown, foreground = (
        bool((trimap == value).any()) for value in (BACKGROUND, UNKNOWN, FOREGROUND)
    )
    if not unknown:
        if background and foreground:
            result = around((trimap == FOREGROUND).astype(np.float32), band_px)
            note = "The trimap has no unknown part, so it was read as a selection."
            return TrimapResult(result.trimap, (*notes, note, *result.notes))
        name = "background" if background else "foreground"
        raise RequestError(
            f"trimap-all-{name}",
            f"The whole trimap is {name}, so there is nothing to compute.",
            "Paint the uncertain edge gray (128), sure foreground white, sure background black.",
        )
    if not background and not foreground:
        raise RequestError(
            "trimap-all-unknown",
            "The whole trimap is unknown.",
            "Paint what is certain: foreground white, background black; or narrow the band.",
        )
    if foreground:
        return TrimapResult(trimap, notes)
    inside = unknown_band.depth(trimap == UNKNOWN)
    deepest = float(inside.max())
    if deepest < 3:
        return TrimapResult(trimap, (*notes, "The trimap has no known foreground."))
    trimap = trimap.copy()
    trimap[inside >= 0.8 * deepest] = FOREGROUND
    note = (
        "The trimap has no known foreground, so the innermost part of its unknown area was used; "
        "for a better result, paint what is certain white."
    )
    return TrimapResult(trimap, (*notes, note))


def check(trimap: NDArray[Any], size: Size) -> None:
    """Check that an array is a trimap for a picture of `size`.

    Raises:
        RequestError: it has another size ("trimap-size"), shape or dtype ("trimap-form"), or has
            values other than 0, 128 and 255 ("trimap-values").
    """
    if trimap.ndim != 2 or trimap.dtype != np.uint8:
        raise RequestError(
            "trimap-form",
            f"A trimap is (H, W) uint8, not {trimap.shape} {trimap.dtype}.",
            "Read it with matteplug.guides.trimap.from_mask.",
        )
    trimap_size = Size.of(trimap)
    if trimap_size != size:
        rotated = trimap_size == (size.height, size.width)
        raise RequestError(
            "trimap-size",
            f"The trimap is {trimap_size} pixels but the picture is {size}.",
            "It seems to be rotated: make it for the picture as displayed."
            if rotated
            else "Make the trimap at the picture's size.",
        )
    levels = (BACKGROUND, UNKNOWN, FOREGROUND)
    stray = trimap.size - sum(np.count_nonzero(trimap == level) for level in levels)
    if stray:
        raise RequestError(
            "trimap-values",
            f"{stray} pixels of the trimap are not 0, 128 or 255.",
            "Read it with matteplug.guides.trimap.from_mask, which repairs it.",
        )
