"""Large pictures: coarse to fine, from the whole picture scaled down to its own resolution.

Networks are made for pictures of about a megapixel.  In a larger one they see too little of what
surrounds a pixel, and computing all of it takes long.  So a picture is processed in levels.  The
network sees the coarsest level whole and carries what is known across wide unknown areas.  Each
finer level computes, in tiles, only what the level before left uncertain; the rest is known to the
tiles.  Their result keeps the coarser level's local averages, so that tiles agree with each other
beyond what each of them sees.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
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
    View,
    within,
)

COARSE_PX = 1_000_000
"""Pixels of the coarsest level."""
_LEAST_COARSE_PX = 256 * 256
_SINGLE_LEVEL = 1.6
"""A picture of more than this many times `COARSE_PX` is processed in several levels."""
_MAX_SCALE = 4.0
"""Largest ratio between the sides of two successive levels."""
_DECIDED = 0.1
"""A level decides a pixel if its alpha is this close to 0 or 1 in the whole neighbourhood."""
_NEIGHBOURHOOD_PX = 2
"""Radius of that neighbourhood in the level's pixels."""
_EXACT = 0.02
"""A decided alpha this close to 0 or 1 is set to exactly that."""
_AVERAGE_SIGMA_PX = 4.0
"""The finer level keeps the coarser one's averages over a Gaussian of this sigma."""
_SURROUNDINGS = 0.25
"""What the network sees around the unknown area, as a fraction of that area's sides."""
_LEAST_SURROUNDINGS_PX = 128
_TILES_WORK = 3.0
"""Pixels computed in tiles per unknown pixel, roughly."""


def run(
    session: Session,
    request: MatteRequest,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    view: View | None = None,
) -> dict[str, Tensor]:
    """Run a network on a picture of any size, within the memory limit of the request's options.

    Args:
        session: the network.
        request: the picture and its guides.
        progress: called after each tile with the fraction of the work that is done.
        cancel: stops between tiles and inside them.
        view: called after each tile with the alpha of its level, coarse where no tile was yet.

    Returns:
        The network's outputs by role, (1, C, H, W) float32.  Where the trimap is known alpha is
        exactly 0 and 1, and the others are 0 wherever the network was not run.

    Raises:
        RequestError: the memory limit is too small.
        Cancelled, EngineError: as `Session.run`.
    """
    spec, limit_mib = session.spec, request.options.limit_mib
    crop = crop_around_unknown(request)
    if not crop.area:
        return _with_known({}, request)
    if not spec.tiling:
        size = Size.of(request.image)
        tiling.check_whole(spec, size, limit_mib)
        inputs = network_inputs.tensors(request, Rect.from_size(size))
        return _with_known(session.run(inputs, cancel), request)
    cropped = network_inputs.cropped(request, crop)
    sizes = levels(Size.of(cropped.image), tiling.affordable_px(spec, limit_mib))
    outputs: dict[str, Tensor] = {}
    for size, span in zip(sizes, _progress_spans(cropped, sizes), strict=True):
        scaled = level = network_inputs.scaled(cropped, size)
        unknown = _unknown(level)
        if outputs:
            level, unknown = _narrowed(level, unknown, outputs["alpha"][0, 0])
        finer = tiling.run(
            session,
            partial(network_inputs.tensors, level),
            tiling.plan(unknown, spec, limit_mib, prefer_whole=not outputs),
            size,
            progress=progress and within(progress, *span),
            cancel=cancel,
            computed=view and _Shown(view, crop, outputs.get("alpha"), level, unknown),
        )
        outputs = _with_known(_merged(outputs, finer, size, unknown) if outputs else finer, scaled)
    return _pasted(outputs, crop, request)


def levels(size: Size, affordable_px: float = np.inf) -> tuple[Size, ...]:
    """Return the sizes to work through, the coarsest first, the picture's own last.

    Args:
        size: the picture's.
        affordable_px: the coarsest level has no more pixels, so that it can be seen whole.
    """
    pixels = size.width * size.height
    if pixels <= max(_LEAST_COARSE_PX, min(_SINGLE_LEVEL * COARSE_PX, affordable_px)):
        return (size,)
    coarse_px = max(_LEAST_COARSE_PX, min(COARSE_PX, affordable_px))
    ratio = math.sqrt(pixels / coarse_px)
    steps = math.ceil(math.log(ratio, _MAX_SCALE))
    factors = [ratio ** (-k / steps) for k in range(steps, 0, -1)]
    return (*(Size(*(max(1, int(side * f)) for side in size)) for f in factors), size)


def crop_around_unknown(request: MatteRequest) -> Rect:
    """Return the unknown area with its surroundings; empty where nothing is unknown."""
    whole = Rect.from_size(Size.of(request.image))
    if request.trimap is None:
        return whole
    unknown = Rect.around(request.trimap == UNKNOWN)
    if not unknown.area:
        return unknown
    x_px, y_px = (
        max(_LEAST_SURROUNDINGS_PX, int(_SURROUNDINGS * side))
        for side in (unknown.width, unknown.height)
    )
    return unknown.grown(x_px, y_px).intersection(whole)


class _Shown:
    """Shows a level after each tile: those that are done over the coarser level's alpha."""

    def __init__(
        self,
        view: View,
        crop: Rect,
        coarse: Tensor | None,
        level: MatteRequest,
        unknown: NDArray[np.bool_],
    ) -> None:
        self._view, self._crop, self._unknown = view, crop, unknown
        size = Size.of(level.image)
        shown = {} if coarse is None else {"alpha": _enlarged(coarse[0, 0], size)[None, None]}
        self._alpha = _with_known(shown, level)["alpha"][0, 0]

    def __call__(self, tile: tiling.Tile, outputs: Mapping[str, Tensor]) -> None:
        rows, columns = tile.kept.relative_to(tile.seen).slices
        values = np.clip(outputs["alpha"][0, 0, rows, columns], 0, 1)
        kept = tile.kept.slices
        np.copyto(self._alpha[kept], values, where=self._unknown[kept])
        self._view(self._alpha, self._crop)


def _unknown(request: MatteRequest) -> NDArray[np.bool_]:
    if request.trimap is None:
        return np.ones(request.image.shape[:2], bool)
    return np.asarray(request.trimap == UNKNOWN)


def _narrowed(
    level: MatteRequest, unknown: NDArray[np.bool_], coarse: Alpha
) -> tuple[MatteRequest, NDArray[np.bool_]]:
    """Return the level, with what the coarser alpha decided now known, and what stays unknown."""
    from matteplug.opencv import cv2

    size = Size.of(level.image)
    neighbourhood = np.ones((2 * _NEIGHBOURHOOD_PX + 1,) * 2, np.uint8)
    uncertain = ((coarse > _DECIDED) & (coarse < 1 - _DECIDED)).view(np.uint8)
    uncertain = np.asarray(cv2.dilate(uncertain, neighbourhood))
    undecided = np.asarray(cv2.resize(uncertain, size, interpolation=cv2.INTER_NEAREST)).view(bool)
    undecided = undecided & unknown
    if level.trimap is None:
        return level, undecided
    trimap = level.trimap.copy()
    np.copyto(trimap, _hard_trimap(coarse, size), where=unknown & ~undecided)
    return replace(level, trimap=trimap), undecided


def _hard_trimap(coarse: Alpha, size: Size) -> Trimap:
    """Return the nearer of foreground and background for each pixel of `size`."""
    from matteplug.opencv import cv2

    nearer = np.where(coarse > 0.5, FOREGROUND, BACKGROUND).astype(np.uint8)
    return np.asarray(cv2.resize(nearer, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _merged(
    coarse: dict[str, Tensor],
    finer: dict[str, Tensor],
    size: Size,
    unknown: NDArray[np.bool_],
) -> dict[str, Tensor]:
    """Return the coarser level's results with the finer ones where they were computed."""
    from matteplug.opencv import cv2

    merged: dict[str, Tensor] = {}
    for role, values in coarse.items():
        if role == "alpha":
            continue
        planes = [cv2.resize(p, size, interpolation=cv2.INTER_LINEAR) for p in values[0]]
        merged[role] = np.stack(planes)[None]  # (1, C, H, W)
        if role in finer:
            np.copyto(merged[role], finer[role], where=unknown)
    coarse_alpha = coarse["alpha"][0, 0]
    alpha = _enlarged(coarse_alpha, size)
    alpha[alpha < _EXACT] = 0
    alpha[alpha > 1 - _EXACT] = 1
    if finer:
        np.copyto(alpha, finer["alpha"][0, 0], where=unknown)
        reduced = cv2.resize(alpha, Size.of(coarse_alpha), interpolation=cv2.INTER_AREA)
        residual = cv2.GaussianBlur(coarse_alpha - reduced, (0, 0), _AVERAGE_SIGMA_PX)
        correction = np.asarray(cv2.resize(residual, size, interpolation=cv2.INTER_LINEAR))
        np.add(alpha, correction, out=alpha, where=unknown)
    merged["alpha"] = alpha[None, None]
    return merged


def _enlarged(coarse: Alpha, size: Size) -> Alpha:
    from matteplug.opencv import cv2

    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _with_known(outputs: dict[str, Tensor], request: MatteRequest) -> dict[str, Tensor]:
    """Return the outputs with alpha in [0, 1], and exactly 0 and 1 where the trimap is known."""
    alpha = outputs.get("alpha")
    if alpha is None:
        alpha = np.zeros((1, 1, *request.image.shape[:2]), np.float32)
    np.clip(alpha, 0, 1, out=alpha)
    if request.trimap is not None:
        alpha[0, 0][request.trimap == BACKGROUND] = 0
        alpha[0, 0][request.trimap == FOREGROUND] = 1
    return outputs | {"alpha": alpha}


def _pasted(outputs: dict[str, Tensor], crop: Rect, request: MatteRequest) -> dict[str, Tensor]:
    """Return the outputs of a crop as those of the whole picture."""
    size = Size.of(request.image)
    if crop == Rect.from_size(size):
        return outputs
    rows, columns = crop.slices
    whole: dict[str, Tensor] = {}
    for role, values in outputs.items():
        whole[role] = np.zeros((*values.shape[:2], size.height, size.width), np.float32)
        whole[role][:, :, rows, columns] = values
    return _with_known(whole, request)


def _progress_spans(cropped: MatteRequest, sizes: tuple[Size, ...]) -> list[tuple[float, float]]:
    """Return where each level begins and ends in the whole work, estimated from its pixels."""
    unknown_fraction = float(_unknown(cropped).mean())
    pixels = [size.width * size.height for size in sizes]
    computed = min(1.0, _TILES_WORK * unknown_fraction)
    work = [pixels[0], *(count * computed for count in pixels[1:])]
    ends = np.cumsum(work) / np.sum(work)
    return list(zip([0.0, *ends[:-1]], ends, strict=True))
