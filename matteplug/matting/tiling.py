"""Tiles: the parts of a picture that a network sees one by one, and how they are blended."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug.engine import Session
from matteplug.errors import RequestError
from matteplug.matting.tile_cover import ALIGN_PX, CELL_PX, RUN_COST_PX, cover
from matteplug.network import NetworkSpec
from matteplug.runtime import sizing
from matteplug.types import CancelToken, Progress, Rect, Size, Tensor

DEFAULT_LIMIT_MIB = 1024
"""Memory for one tile if the user sets no limit."""

_UNMEASURED_PX = 1_500_000
"""Largest tile of a network whose memory was not measured."""
_WORTH = 0.8
"""Tiles must cost less than this fraction of the whole picture; otherwise it is computed whole."""

Read = Callable[[Rect], Mapping[str, Tensor]]
"""Returns the network's inputs for a part of the picture, by role, (1, C, height, width)."""
Computed = Callable[["Tile", Mapping[str, Tensor]], None]
"""Called with a tile and the network's outputs for what it sees, (1, C, height, width)."""


class Tile(NamedTuple):
    """A part of the picture.

    Attributes:
        kept: the pixels this tile is for; the tiles' kept parts touch and do not overlap.
        seen: what the network sees: `kept` and its surroundings.
        blend_px: how far the result extends beyond `kept`, fading into the neighbours'.
    """

    kept: Rect
    seen: Rect
    blend_px: int

    @property
    def used(self) -> Rect:
        """The part of `seen` whose result has any weight."""
        return self.kept.grown(self.blend_px, self.blend_px).intersection(self.seen)


def plan(
    unknown: NDArray[np.bool_],
    spec: NetworkSpec,
    limit_mib: int | None = None,
    prefer_whole: bool = False,
) -> tuple[Tile, ...]:
    """Return the tiles that cover every unknown pixel within the memory limit.

    Args:
        unknown: (H, W) bool, the pixels that must be computed; all of them without a trimap.
        spec: the network, with its overlap and its memory per megapixel.
        limit_mib: memory that the network may take for one tile; None for `DEFAULT_LIMIT_MIB`.
        prefer_whole: use the whole picture whenever it fits the limit.

    Returns:
        The tiles from top to bottom; a single one, the whole picture, if that fits and is about as
        cheap; none if nothing is unknown.

    Raises:
        RequestError: the smallest tile needs more than the limit ("limit-too-small").
    """
    size = Size.of(unknown)
    everything = Rect.from_size(size)
    whole = Tile(everything, everything, 0)
    if not unknown.any():
        return ()
    affordable = affordable_px(spec, limit_mib)
    whole_px = everything.area
    if prefer_whole and whole_px <= affordable:
        return (whole,)
    tiled = cover(unknown, spec.overlap_px, affordable)
    if whole_px <= affordable and _WORTH * (whole_px + RUN_COST_PX) <= tiled.cost_px:
        return (whole,)
    if tiled.cost_px == np.inf:
        side = CELL_PX + 2 * spec.overlap_px + ALIGN_PX
        raise _too_small(spec, _limit(limit_mib), _needed_mib(spec, side * side))
    blend_px = spec.overlap_px // 4
    return tuple(Tile(rect, _seen(rect, spec.overlap_px, size), blend_px) for rect in tiled.rects)


def check_whole(spec: NetworkSpec, size: Size, limit_mib: int | None) -> None:
    """Check that a network that cannot be tiled keeps the user's memory limit.

    Args:
        spec: the network.
        size: the picture's.
        limit_mib: the limit; None passes, and so does a network whose memory was not measured.

    Raises:
        RequestError: it needs more than the limit ("limit-too-small").
    """
    seen = sizing.plan(size, spec.size).padded
    needed = _needed_mib(spec, seen.width * seen.height)
    if limit_mib is not None and needed > limit_mib:
        raise _too_small(spec, limit_mib, needed)


def affordable_px(spec: NetworkSpec, limit_mib: int | None = None) -> float:
    """Return how many pixels a tile may have."""
    if spec.mib_per_megapixel <= 0:
        return _UNMEASURED_PX
    return max(0.0, (_limit(limit_mib) - spec.mib_fixed) / spec.mib_per_megapixel * 1e6)


def run(
    session: Session,
    read: Read,
    tiles: tuple[Tile, ...],
    size: Size,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    computed: Computed | None = None,
) -> dict[str, Tensor]:
    """Run the network on every tile and blend the results.

    Args:
        session: the network.
        read: returns its inputs for a part of the picture.
        tiles: from `plan`.
        size: the picture's size.
        progress: called after each tile with the fraction of the work that is done.
        cancel: stops between tiles and inside them.
        computed: called after each tile, before it is blended with its neighbours.

    Returns:
        The network's outputs by role, (1, C, H, W) float32; 0 where no tile reaches.

    Raises:
        Cancelled: `cancel` was set.
        EngineError: as `Session.run`.
    """
    work_px = sum(tile.seen.area for tile in tiles)
    outputs: dict[str, Tensor] = {}
    done_px = 0
    for tile in tiles:
        if cancel is not None:
            cancel.check()
        tile_outputs = session.run(read(tile.seen), cancel)
        if computed is not None:
            computed(tile, tile_outputs)
        if tile.kept == tile.seen == Rect.from_size(size):
            outputs = tile_outputs
        else:
            fraction = blend_fractions(tile, tiles)
            inner_rows, inner_columns = tile.used.relative_to(tile.seen).slices
            rows, columns = tile.used.slices
            for tensor in session.spec.outputs:
                if tensor.role not in outputs:
                    shape = (1, tensor.channels, size.height, size.width)
                    outputs[tensor.role] = np.zeros(shape, np.float32)
                values = tile_outputs[tensor.role][0][:, inner_rows, inner_columns]
                outputs[tensor.role][0, :, rows, columns] += values * fraction
        done_px += tile.seen.area
        if progress is not None:
            progress(done_px / work_px, "matting")
    return outputs


def blend_fractions(tile: Tile, tiles: tuple[Tile, ...]) -> NDArray[np.float32]:
    """Return a tile's fraction of the result, (H, W) of `tile.used`; over all tiles they sum to 1.

    Args:
        tile: one of the tiles.
        tiles: all of them.
    """
    total = np.zeros((tile.used.height, tile.used.width), np.float32)
    for other in tiles:
        common = tile.used.intersection(other.used)
        if common.area:
            total[common.relative_to(tile.used).slices] += _weight(other, common)
    fraction: NDArray[np.float32] = _weight(tile, tile.used) / total
    return fraction


def _limit(limit_mib: int | None) -> int:
    return DEFAULT_LIMIT_MIB if limit_mib is None else limit_mib


def _needed_mib(spec: NetworkSpec, pixels: int) -> float:
    return spec.mib_fixed + spec.mib_per_megapixel * pixels / 1e6


def _too_small(spec: NetworkSpec, limit_mib: int, needed_mib: float) -> RequestError:
    parts = "" if spec.tiling else " for this picture, which it must see whole"
    return RequestError(
        "limit-too-small",
        f"{spec.id} cannot work in {limit_mib} MiB{parts}.",
        f"Set the memory limit to {math.ceil(needed_mib)} MiB or more.",
    )


def _weight(tile: Tile, part: Rect) -> NDArray[np.float32]:
    """Return a tile's weight in a part of `tile.used`; it falls off linearly at the border."""
    y = _ramp(part.y, part.height, tile.kept.y, tile.kept.height, tile.blend_px)
    x = _ramp(part.x, part.width, tile.kept.x, tile.kept.width, tile.blend_px)
    return y[:, None] * x


def _ramp(start: int, count: int, kept: int, length: int, blend_px: int) -> NDArray[np.float32]:
    if blend_px == 0:
        return np.ones(count, np.float32)
    centres = np.arange(start, start + count, dtype=np.float32) + np.float32(0.5)
    inside = np.minimum(centres - kept, kept + length - centres)
    return np.asarray(np.clip((inside + blend_px) / (2 * blend_px), 0, 1), np.float32)


def _seen(kept: Rect, overlap_px: int, size: Size) -> Rect:
    x, width = _span(kept.x, kept.width, overlap_px, size.width)
    y, height = _span(kept.y, kept.height, overlap_px, size.height)
    return Rect(x, y, width, height)


def _span(start: int, length: int, overlap_px: int, limit: int) -> tuple[int, int]:
    """Grow a span by the overlap and to a multiple of `ALIGN_PX`, within the picture."""
    begin, end = max(0, start - overlap_px), min(limit, start + length + overlap_px)
    missing = -(end - begin) % ALIGN_PX
    begin = max(0, begin - missing // 2)
    end = min(limit, end + (-(end - begin) % ALIGN_PX))
    begin = max(0, begin - (-(end - begin) % ALIGN_PX))
    return begin, end - begin
