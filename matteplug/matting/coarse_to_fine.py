"""Large pictures: glance at the whole scaled down, then focus on what stays uncertain.

Networks are made for pictures of about a megapixel.  In a larger one they see too little of what
surrounds a pixel, and computing all of it takes long.  So a picture is worked through from coarse
to fine.  The coarsest level is seen whole and carries what is known across wide unknown areas.
Each finer level computes, in tiles, only what the level before left uncertain; tiles know the rest,
and their result keeps the coarser one's local averages, so that they agree beyond their horizon.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from matteplug.engine import Session
from matteplug.matting import network_inputs, tiling
from matteplug.types import (
    BACKGROUND,
    FOREGROUND,
    UNKNOWN,
    Alpha,
    CancelToken,
    MatteRequest,
    Progress,
    Rect,
    Size,
    Tensor,
    Trimap,
    within,
)

COARSE_PX = 1_000_000
"""Pixels of the coarsest level."""
_LEAST_COARSE_PX = 256 * 256
_LARGE = 1.6
"""More levels than one are used from this many times the glance's pixels on."""
_STEP = 4.0
"""Largest ratio of two levels' sides."""
_SURE = 0.1
"""A level decides where its alpha is this close to 0 or 1, all around."""
_CLEAN = 0.02
"""What is decided this close to 0 or 1 is exactly that."""
_MARGIN_PX = 2
"""How far all around is, in the level's pixels."""
_AGREEMENT_PX = 4.0
"""Averages of about this many pixels of a level are kept by the finer one (Gaussian sigma)."""
_SURROUNDINGS = 0.25
"""Share of the unknown area's sides that the network sees around it."""
_LEAST_SURROUNDINGS_PX = 128
_TILES_WORK = 3.0
"""What tiles compute over what is unknown, about."""


def run(
    session: Session,
    request: MatteRequest,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> dict[str, Tensor]:
    """Run a network on a picture of any size, within the memory limit of the request's options.

    Args:
        session: the network.
        request: the picture and its guides.
        progress: called after each tile with the share of the work that is done.
        cancel: stops between tiles and inside them.

    Returns:
        The network's outputs by role, (1, C, H, W) float32.  Where the trimap is known alpha is
        exactly 0 and 1, and the others are 0 wherever the network was not run.

    Raises:
        RequestError: the memory limit is too small.
        Cancelled, EngineError: as `Session.run`.
    """
    spec, limit_mib = session.spec, request.options.limit_mib
    where = area(request)
    if where is None:
        return _known({}, request)
    if not spec.tiling:
        size = Size.of(request.image)
        tiling.check_whole(spec, size, limit_mib)
        return _known(
            session.run(network_inputs.tensors(request, Rect(0, 0, *size)), cancel), request
        )
    part = network_inputs.cropped(request, where)
    sizes = levels(Size.of(part.image), tiling.affordable_px(spec, limit_mib))
    found: dict[str, Tensor] = {}
    for size, span in zip(sizes, _spans(part, sizes), strict=True):
        given = level = network_inputs.scaled(part, size)
        unknown = _unknown(level)
        if found:
            level, unknown = _narrowed(level, unknown, found["alpha"][0, 0])
        finer = tiling.run(
            session,
            partial(network_inputs.tensors, level),
            tiling.plan(unknown, spec, limit_mib, prefer_whole=not found),
            size,
            progress=progress and within(progress, *span),
            cancel=cancel,
        )
        found = _known(_merged(found, finer, size, unknown) if found else finer, given)
    return _placed(found, where, request)


def levels(size: Size, affordable_px: float = np.inf) -> tuple[Size, ...]:
    """Return the sizes to work through, the coarsest first, the picture's own last.

    Args:
        size: the picture's.
        affordable_px: the coarsest level has no more pixels, so that it can be seen whole.
    """
    pixels = size.width * size.height
    if pixels <= max(_LEAST_COARSE_PX, min(_LARGE * COARSE_PX, affordable_px)):
        return (size,)
    coarse_px = max(_LEAST_COARSE_PX, min(COARSE_PX, affordable_px))
    ratio = math.sqrt(pixels / coarse_px)
    steps = math.ceil(math.log(ratio, _STEP))
    factors = [ratio ** (-k / steps) for k in range(steps, 0, -1)]
    return (*(Size(*(max(1, int(side * f)) for side in size)) for f in factors), size)


def area(request: MatteRequest) -> Rect | None:
    """Return the unknown area with its surroundings, or None where nothing is unknown."""
    size = Size.of(request.image)
    if request.trimap is None:
        return Rect(0, 0, *size)
    unknown = request.trimap == UNKNOWN
    columns, rows = np.flatnonzero(unknown.any(0)), np.flatnonzero(unknown.any(1))
    if not rows.size:
        return None
    left, width = _widened(columns, size.width)
    top, height = _widened(rows, size.height)
    return Rect(left, top, width, height)


def _widened(positions: NDArray[np.intp], limit: int) -> tuple[int, int]:
    first, last = int(positions[0]), int(positions[-1]) + 1
    around = max(_LEAST_SURROUNDINGS_PX, int(_SURROUNDINGS * (last - first)))
    first, last = max(0, first - around), min(limit, last + around)
    return first, last - first


def _unknown(request: MatteRequest) -> NDArray[np.bool_]:
    if request.trimap is None:
        return np.ones(request.image.shape[:2], bool)
    return np.asarray(request.trimap == UNKNOWN)


def _narrowed(
    level: MatteRequest, unknown: NDArray[np.bool_], coarse: Alpha
) -> tuple[MatteRequest, NDArray[np.bool_]]:
    """Return the level with what the coarser alpha decided made known, and what is left."""
    import cv2

    size = Size.of(level.image)
    uncertain = ((coarse > _SURE) & (coarse < 1 - _SURE)).view(np.uint8)
    uncertain = np.asarray(cv2.dilate(uncertain, np.ones((2 * _MARGIN_PX + 1,) * 2, np.uint8)))
    left = np.asarray(cv2.resize(uncertain, size, interpolation=cv2.INTER_NEAREST)).view(bool)
    left = left & unknown
    if level.trimap is None:
        return level, left
    trimap = level.trimap.copy()
    np.copyto(trimap, _decided(coarse, size), where=unknown & ~left)
    return replace(level, trimap=trimap), left


def _decided(coarse: Alpha, size: Size) -> Trimap:
    import cv2

    sides = np.where(coarse > 0.5, FOREGROUND, BACKGROUND).astype(np.uint8)
    return np.asarray(cv2.resize(sides, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _merged(
    coarse: dict[str, Tensor],
    finer: dict[str, Tensor],
    size: Size,
    unknown: NDArray[np.bool_],
) -> dict[str, Tensor]:
    """Return the coarser level's results with the finer ones where they were computed."""
    import cv2

    merged: dict[str, Tensor] = {}
    for role, values in coarse.items():
        if role == "alpha":
            continue
        planes = [cv2.resize(p, size, interpolation=cv2.INTER_LINEAR) for p in values[0]]
        merged[role] = np.stack(planes)[None]  # (1, C, H, W)
        if role in finer:
            np.copyto(merged[role], finer[role], where=unknown)
    before = coarse["alpha"][0, 0]
    alpha = np.asarray(cv2.resize(before, size, interpolation=cv2.INTER_LINEAR), np.float32)
    alpha[alpha < _CLEAN] = 0
    alpha[alpha > 1 - _CLEAN] = 1
    if finer:
        np.copyto(alpha, finer["alpha"][0, 0], where=unknown)
        reduced = cv2.resize(alpha, Size.of(before), interpolation=cv2.INTER_AREA)
        lacking = cv2.GaussianBlur(before - reduced, (0, 0), _AGREEMENT_PX)
        correction = np.asarray(cv2.resize(lacking, size, interpolation=cv2.INTER_LINEAR))
        np.add(alpha, correction, out=alpha, where=unknown)
    merged["alpha"] = alpha[None, None]
    return merged


def _known(outputs: dict[str, Tensor], request: MatteRequest) -> dict[str, Tensor]:
    """Return the outputs with alpha in [0, 1], and exactly 0 and 1 where the trimap is known."""
    alpha = outputs.get("alpha")
    if alpha is None:
        alpha = np.zeros((1, 1, *request.image.shape[:2]), np.float32)
    np.clip(alpha, 0, 1, out=alpha)
    if request.trimap is not None:
        alpha[0, 0][request.trimap == BACKGROUND] = 0
        alpha[0, 0][request.trimap == FOREGROUND] = 1
    return outputs | {"alpha": alpha}


def _placed(outputs: dict[str, Tensor], area: Rect, request: MatteRequest) -> dict[str, Tensor]:
    size = Size.of(request.image)
    if (area.width, area.height) == size:
        return outputs
    placed: dict[str, Tensor] = {}
    for role, values in outputs.items():
        placed[role] = np.zeros((*values.shape[:2], size.height, size.width), np.float32)
        placed[role][:, :, area.slices[0], area.slices[1]] = values
    return _known(placed, request)


def _spans(part: MatteRequest, sizes: tuple[Size, ...]) -> list[tuple[float, float]]:
    """Return where each level's share of the work begins and ends, as far as can be foreseen."""
    share = float(_unknown(part).mean())
    pixels = [size.width * size.height for size in sizes]
    work = [pixels[0], *(count * min(1.0, _TILES_WORK * share) for count in pixels[1:])]
    ends = np.cumsum(work) / np.sum(work)
    return list(zip([0.0, *ends[:-1]], ends, strict=True))
