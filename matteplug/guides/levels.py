"""The levels of masks: which values stand for black and white, told by the histogram.

Files, Python and hosts share this rule, at 8 and 16 bits and in floats.  Programs and video leave a
floor (4 of 255) or a narrower range (16 to 235), and people paint trimaps in three grays of their
own (30, 126, 225).  Black and white are moved only where the histogram leaves no doubt:

* two or three clean levels hold nearly every pixel, far enough apart; or
* near an end of the range one narrow peak holds what is there, and nothing lies beyond it.

Anything else is a soft mask, whose values are taken as they are: alpha is absolute.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_WINDOW = 8
"""A level is this many 255ths wide to both sides: what JPEG does to a flat area."""
_CLEAN = 0.9
"""Fraction of the pixels that clean levels hold together; the rest is antialiasing and noise."""
_LEVEL = 0.001
"""Smallest fraction of the pixels that makes a level."""
_PEAK = 4
"""Half the width of the peak that makes a level of values in its window; a ramp has no peak."""
_PEAK_FRACTION = 0.7
"""Fraction of the pixels of a window that its peak holds at least."""
_TWO_APART = (77, 178)
"""Two clean levels are black up to the first value and white from the second on, in 255ths: black
and a gray of 128 are a trimap without foreground."""
_THREE_APART = 128
"""Three clean levels span this many 255ths or more, with one near their middle."""
_END = 32
"""Without clean levels, a floor or ceiling lies at most so far from the end, in 255ths."""
_BEYOND = 0.12
"""Largest fraction of the pixels near the end that lies beyond the peak: ringing."""
_BEYOND_AT_ONE_LEVEL = 0.04
"""And the largest that lies beyond it at one level; more would be a level of its own."""
_SILENT = 3
"""A shift of so many 255ths is not worth a note."""


def black_and_white(unit: NDArray[np.float32]) -> tuple[float, float]:
    """Return the values in [0, 1] that stand for black and for white.

    Args:
        unit: (H, W) float32 [0, 1].
    """
    counts = _histogram(unit)
    black, white = _of_clean_levels(counts) or (_floor(counts), 255 - _floor(counts[::-1]))
    return black / 255, white / 255


def stretched(unit: NDArray[np.float32]) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Return the values with black at 0 and white at 1, and notes for the user.

    Args:
        unit: (H, W) float32 [0, 1].
    """
    black, white = black_and_white(unit)
    if (black, white) == (0, 1):
        return unit, ()
    result = (unit - np.float32(black)) / np.float32(white - black)
    notes: tuple[str, ...] = ()
    if max(black, 1 - white) > _SILENT / 255:
        notes = (
            f"The mask's levels {round(black * 255)} and {round(white * 255)} of 255 were taken as "
            "black and white.",
        )
    return np.clip(result, 0, 1, out=result), notes


def clean(unit: NDArray[np.float32]) -> list[int]:
    """Return the up to three levels, in 255ths, that hold nearly every pixel; [] for a soft mask.

    Args:
        unit: (H, W) float32 [0, 1].
    """
    return _clean(_histogram(unit))


def _histogram(unit: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the fraction of the pixels at each of 256 levels."""
    from matteplug.opencv import cv2

    rounds = [-0.5 / 255, 255.5 / 255]
    counts = cv2.calcHist([np.ascontiguousarray(unit)], [0], None, [256], rounds)
    return np.asarray(np.ravel(counts) / unit.size, np.float64)


def _clean(counts: NDArray[np.float64]) -> list[int]:
    levels: list[int] = []
    counts, held = counts.copy(), 0.0
    while len(levels) < 3:
        peak = int(counts.argmax())
        window = slice(max(0, peak - _WINDOW), peak + _WINDOW + 1)
        mass = float(counts[window].sum())
        if mass < _LEVEL or _peak(counts, peak) < _PEAK_FRACTION * mass:
            break
        levels.append(peak)
        held += mass
        counts[window] = 0
    return sorted(levels) if held >= _CLEAN else []


def _of_clean_levels(counts: NDArray[np.float64]) -> tuple[int, int] | None:
    levels = _clean(counts)
    if len(levels) == 2 and levels[0] <= _TWO_APART[0] and levels[1] >= _TWO_APART[1]:
        return levels[0], levels[1]
    if len(levels) == 3:
        black, gray, white = levels
        span = white - black
        if span >= _THREE_APART and 0.25 * span <= gray - black <= 0.75 * span:
            return black, white
    return None


def _floor(counts: NDArray[np.float64]) -> int:
    """Return the level near 0 that stands for black; 0 where there is none."""
    near = counts[: _END + _PEAK + 1]
    level = int(near[: _END + 1].argmax())
    mass = float(near.sum())
    beyond = near[: max(0, level - _PEAK)]
    if mass < _LEVEL or _peak(near, level) < _PEAK_FRACTION * mass:
        return 0
    if beyond.sum() > _BEYOND * mass or beyond.max(initial=0) > _BEYOND_AT_ONE_LEVEL * mass:
        return 0
    return level


def _peak(counts: NDArray[np.float64], level: int) -> float:
    """Return the fraction of the pixels that lie within a peak's width of a level."""
    return float(counts[max(0, level - _PEAK) : level + _PEAK + 1].sum())
