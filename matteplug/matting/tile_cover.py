"""Cover marked pixels with rectangles that are cheap to compute with their surroundings.

A rectangle is cut in two recursively, each part is trimmed to the marked pixels in it, and the
parts are joined again where they do not cost less than the whole.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug.types import Rect, Size

CELL_PX = 16
"""Rectangles are cut along this grid."""
ALIGN_PX = 32
"""Rectangles with their surroundings are a multiple of this where the picture allows: the networks'
coarsest stride."""
RUN_COST_PX = 64 * 64
"""Fixed cost of a rectangle: starting the network takes as long as computing this many pixels."""


class Cover(NamedTuple):
    """Rectangles that touch and do not overlap.

    Attributes:
        rects: together they contain every marked pixel.
        cost_px: the pixels computed for them, with surroundings and starts; infinite if one of them
            cannot be made small enough.
    """

    rects: tuple[Rect, ...]
    cost_px: float


def cover(marked: NDArray[np.bool_], overlap_px: int, affordable_px: float = np.inf) -> Cover:
    """Cover the marked pixels.

    Args:
        marked: (H, W) bool, some of it True.
        overlap_px: width of the surroundings that each rectangle is computed with.
        affordable_px: largest rectangle with its surroundings, in pixels.
    """
    search = _Search(_cells(marked), Size.of(marked), overlap_px, affordable_px)
    cost, rects = search.best(search.trimmed(_Box(0, 0, *search.cells.shape)))
    return Cover(tuple(sorted(rects, key=lambda rect: (rect.y, rect.x))), cost)


class _Box(NamedTuple):
    """A rectangle of cells, the ends excluded."""

    top: int
    left: int
    bottom: int
    right: int


class _Search:
    """Finds a cheap cover by cutting, at each step, where the two parts are smallest."""

    def __init__(
        self, cells: NDArray[np.bool_], size: Size, overlap_px: int, affordable_px: float
    ) -> None:
        self.cells = cells
        self._size = size
        self._overlap_px = overlap_px
        self._affordable_px = affordable_px

    def best(self, box: _Box) -> tuple[float, list[Rect]]:
        """Return the least cost of covering the marked cells in `box`, and the rectangles."""
        cost = float(self._cost(box.bottom - box.top, box.right - box.left))
        uncut = (cost, [self._rect(box)])
        if max(box.bottom - box.top, box.right - box.left) == 1:
            return uncut
        if cost < np.inf and self._is_small(box):
            return uncut
        parts = [self.best(part) for part in self._cut(box)]
        apart = sum(part[0] for part in parts)
        if apart < cost:
            return apart, [rect for part in parts for rect in part[1]]
        return uncut

    def trimmed(self, box: _Box) -> _Box:
        """Return the smallest box around the marked cells of `box`, which has at least one."""
        top, left, bottom, right = box
        marked = self.cells[top:bottom, left:right]
        rows, columns = np.flatnonzero(marked.any(1)), np.flatnonzero(marked.any(0))
        return _Box(
            top + int(rows[0]),
            left + int(columns[0]),
            top + int(rows[-1]) + 1,
            left + int(columns[-1]) + 1,
        )

    def _cost(self, rows: Any, columns: Any) -> Any:
        height = np.minimum(_aligned(rows * CELL_PX + 2 * self._overlap_px), self._size.height)
        width = np.minimum(_aligned(columns * CELL_PX + 2 * self._overlap_px), self._size.width)
        seen_px = height * width
        return np.where(seen_px <= self._affordable_px, seen_px + RUN_COST_PX, np.inf)

    def _is_small(self, box: _Box) -> bool:
        longest = max(box.bottom - box.top, box.right - box.left) * CELL_PX
        return longest <= self._overlap_px

    def _cut(self, box: _Box) -> tuple[_Box, _Box]:
        """Cut a box in two where the trimmed parts cost least; the middle breaks ties."""
        top, left, bottom, right = box
        marked = self.cells[top:bottom, left:right]
        choices = []
        for axis in (0, 1):
            if marked.shape[axis] > 1:
                cost, at = self._best_cut(marked if axis == 0 else marked.T)
                choices.append((cost, axis, at))
        _, axis, at = min(choices)
        if axis == 0:
            first, second = box._replace(bottom=top + at), box._replace(top=top + at)
        else:
            first, second = box._replace(right=left + at), box._replace(left=left + at)
        return self.trimmed(first), self.trimmed(second)

    def _best_cut(self, marked: NDArray[np.bool_]) -> tuple[float, int]:
        """Return the cost of the best cut between two rows, and where it is."""
        count = len(marked)
        used = marked.any(1)
        row = np.arange(count)
        begin = np.where(used, marked.argmax(1), marked.shape[1])
        end = np.where(used, marked.shape[1] - marked[:, ::-1].argmax(1), 0)
        last = np.maximum.accumulate(np.where(used, row + 1, 0))  # of the rows up to here
        first = np.minimum.accumulate(np.where(used, row, count)[::-1])[::-1]  # from here on
        width_before = np.maximum.accumulate(end) - np.minimum.accumulate(begin)
        width_after = (np.maximum.accumulate(end[::-1]) - np.minimum.accumulate(begin[::-1]))[::-1]
        area = last[:-1] * width_before[:-1] + (count - first[1:]) * width_after[1:]
        margin = (count - 1) // 4  # slivers lead nowhere
        inner = slice(margin, len(area) - margin)
        off_middle = np.abs(row[1:] - count / 2)
        at = int(np.lexsort((off_middle[inner], area[inner]))[0]) + margin
        return float(area[at]), at + 1

    def _rect(self, box: _Box) -> Rect:
        x, y = box.left * CELL_PX, box.top * CELL_PX
        width = min(box.right * CELL_PX, self._size.width) - x
        return Rect(x, y, width, min(box.bottom * CELL_PX, self._size.height) - y)


def _cells(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which cells of the grid hold a marked pixel."""
    rows = np.arange(0, marked.shape[0], CELL_PX)
    columns = np.arange(0, marked.shape[1], CELL_PX)
    cells: NDArray[np.bool_] = np.logical_or.reduceat(
        np.logical_or.reduceat(marked, rows, axis=0), columns, axis=1
    )
    return cells


def _aligned(length: Any) -> Any:
    return -(-length // ALIGN_PX) * ALIGN_PX
