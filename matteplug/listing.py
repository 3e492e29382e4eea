"""Listings on standard output: aligned for people, one tab-separated line per item in pipes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from matteplug.terminal import printable

__all__ = ["show"]

_GAP = "  "


def show(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows; nothing is cut, so a terminal wraps what is too long for it.

    Args:
        columns: their names, which only a terminal shows.
        rows: the cells of each item; what identifies it comes first, the longest text last.
    """
    lines = [[" ".join(printable(cell).split()) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for line in lines:
            print("\t".join(line))
        return
    from rich.cells import cell_len

    lines.insert(0, [column.upper() for column in columns])
    widths = [max(map(cell_len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        cells = zip(line, widths, strict=True)
        print(_GAP.join(cell + " " * (width - cell_len(cell)) for cell, width in cells).rstrip())
