"""Strokes instead of a trimap: a solver spreads what is known before a network sees it.

Trimap networks learn from trimaps that leave an edge to be found.  Of a few strokes they make a
veil: most of the picture is unlike anything that they have seen.  Closed-form matting carries
strokes as far as the colours are alike, at a small size within seconds; what it decides is known to
the network, which finds the edge.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matteplug.engine import Engine
from matteplug.errors import EngineError
from matteplug.matting import network_pass
from matteplug.network import NetworkSpec
from matteplug.types import (
    BACKGROUND,
    FOREGROUND,
    UNKNOWN,
    Alpha,
    CancelToken,
    MatteRequest,
    Size,
    Trimap,
)

LEAST_KNOWN = 0.2
"""Fraction of the picture that a trimap must know; with less it counts as strokes.  By
benchmarks/strokes.py, spreading lowers the mean error at every fraction from 0.03 to 0.35, at the
larger ones by less than single scenes differ."""
SOLVER = "closed-form"
_SIDE_PX = 160
"""Longest side of the picture that is solved."""
_DECIDED = 0.1
"""The solver decides a pixel if its alpha is this close to 0 or 1 in the whole neighbourhood."""
_NEIGHBOURHOOD_PX = 2
"""Radius of that neighbourhood in the solved picture's pixels."""


def spread(
    engine: Engine,
    request: MatteRequest,
    *,
    least_known: float = LEAST_KNOWN,
    cancel: CancelToken | None = None,
) -> MatteRequest:
    """Return the request with strokes spread to a trimap, and a note.

    Without pymatting, the note says what is missing, and nothing is spread.

    Args:
        engine: who runs the solver.
        request: the picture and its trimap.
        least_known: what a trimap must know; a request whose trimap does is returned unchanged.
        cancel: stops before and after the solver.

    Raises:
        Cancelled, EngineError: as `Session.run`.
    """
    if request.trimap is None:
        return request
    known = float((request.trimap != UNKNOWN).mean())
    if known >= least_known:
        return request
    from matteplug import plugins  # late: discovery takes longer to import than all the rest

    size = _solved_size(Size.of(request.image))
    small = replace(_scaled(request, size), plate=None, segmentation=None, notes=())
    solver = plugins.registry().networks.get(SOLVER)
    alpha = None if solver is None else _solved(engine, solver, small, cancel)
    little = f"Only {known:.1%} of the trimap is known, too little for a network"
    if alpha is None:
        note = f"{little}: mark more, or install matteplug[classical], which spreads strokes."
        return replace(request, notes=(*request.notes, note))
    note = f"{little}, so {SOLVER} matting spread it first."
    trimap = _decided(alpha, request.trimap)
    return replace(request, trimap=trimap, notes=(*request.notes, note))


def _solved(
    engine: Engine, solver: NetworkSpec, request: MatteRequest, cancel: CancelToken | None
) -> Alpha | None:
    """Return the solver's alpha; None where pymatting is not installed."""
    try:
        return network_pass.run(engine, solver, request, cancel=cancel).alpha
    except EngineError as error:
        if error.code != "no-pymatting":
            raise
        return None


def _solved_size(size: Size) -> Size:
    scale = min(1.0, _SIDE_PX / max(size))
    return Size(*(max(1, round(side * scale)) for side in size))


def _scaled(request: MatteRequest, size: Size) -> MatteRequest:
    """Return the request scaled down; a pixel that a stroke touches is known: none is lost."""
    from matteplug.opencv import cv2

    assert request.trimap is not None
    covered = [
        cv2.resize((request.trimap == value).astype(np.float32), size, interpolation=cv2.INTER_AREA)
        for value in (BACKGROUND, FOREGROUND)
    ]
    trimap = np.full((size.height, size.width), UNKNOWN, np.uint8)
    trimap[(covered[0] > 0) & (covered[0] > covered[1])] = BACKGROUND
    trimap[(covered[1] > 0) & (covered[1] >= covered[0])] = FOREGROUND
    image = np.asarray(cv2.resize(request.image, size, interpolation=cv2.INTER_AREA))
    return replace(request, image=image, trimap=trimap, opacity=None)


def _decided(alpha: Alpha, strokes: Trimap) -> Trimap:
    """Return the trimap of what the solver decided, at the strokes' size; they are kept."""
    from matteplug.opencv import cv2

    near = np.ones((2 * _NEIGHBOURHOOD_PX + 1,) * 2, np.uint8)
    trimap = np.full(alpha.shape, UNKNOWN, np.uint8)
    trimap[cv2.erode((alpha < _DECIDED).view(np.uint8), near) > 0] = BACKGROUND
    trimap[cv2.erode((alpha > 1 - _DECIDED).view(np.uint8), near) > 0] = FOREGROUND
    whole = cv2.resize(trimap, Size.of(strokes), interpolation=cv2.INTER_NEAREST)
    return np.where(strokes == UNKNOWN, whole, strokes).astype(np.uint8)
