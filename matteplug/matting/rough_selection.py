"""Rough selections: from a careless lasso, or a box around the subject, to a trimap.

    selection ─► wide band ─► votes of colours and networks ─► coarse alpha ─► again ─► narrow band

The coarse alpha is a mean of votes at a small size, so that its time does not grow with the
picture: GrabCut (Rother et al., 2004) tells the colours inside from those outside, the trimap
network looks at the wide band, and the subject network at what the selection surrounds, if what it
finds there is what was selected.  The band that the trimap network then sees at full size is where
the votes are undecided.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from matteplug.engine import Engine
from matteplug.errors import NetworkError
from matteplug.guides import unknown_band
from matteplug.images import pixels
from matteplug.images.scaling import resized, scaled_size
from matteplug.matting import choice, network_pass
from matteplug.network import Guide
from matteplug.types import (
    BACKGROUND,
    FOREGROUND,
    UNKNOWN,
    Alpha,
    CancelToken,
    Image,
    MatteRequest,
    Rect,
    Size,
    Trimap,
)

__all__ = ["Kind", "kind_of", "narrowed", "wide"]

Kind: TypeAlias = Literal["exact", "rough", "box"]

SIDE_PX = 384
"""Longest side of the picture that is voted on."""
LEAST_PX = 64
"""Side of the smallest selection that is judged; smaller ones are exact."""
FILLED = 0.98
"""Intersection over union with its rectangle, or the ellipse in that, of what is a box."""
ON_EDGES = 0.45
"""Mean contrast along an exact selection's edge, over the highest within `OFF`.  Chosen on
validation scenes; see docs/evaluation.md."""
OFF = 0.08
"""How far a rough selection may be off, over its side."""
REACH, AGAIN = 0.10, 0.06
"""How far the wide band reaches, and that of the second round, over the selection's side."""
ALIKE = 0.6
"""Intersection over union of subject and selection from which on the subject network votes."""
UNDECIDED = 0.1
"""How far from 0 and 1 votes are undecided, and (below) how far the band reaches around that."""
_AROUND = 0.015
_LEFT_INSIDE = 0.7
"""The band leaves what is deeper inside than this fraction of the deepest pixel."""
_SEEN_AROUND = 0.15
"""What the subject network sees around the selection, over the sides of that."""
_GRABCUT_ROUNDS = 4


def kind_of(image: Image, selection: Alpha) -> Kind:
    """Return what a selection seems to be.

    A rectangle or an ellipse is a box.  Another one is exact if it runs along edges of the picture,
    is soft, or is too small to judge.

    Args:
        image: (H, W, 3) uint8, uint16 or float32.
        selection: (H, W) float32 [0, 1].
    """
    selected = selection >= 0.5
    frame = Rect.around(selected)
    partial = (selection > 0.02) & (selection < 0.98)
    if _side_px(selected) < LEAST_PX or unknown_band.half_thickness(partial) > 1.5:
        return "exact"
    filled = [_overlap(selected[frame.slices], shape) for shape in _shapes(frame)]
    if max(filled) >= FILLED:
        return "box"
    return "exact" if _contrast_along(image, selected) > ON_EDGES else "rough"


def wide(selected: NDArray[np.bool_], kind: Kind) -> Trimap:
    """Return the trimap that a rough selection, or a box, allows.

    Args:
        selected: (H, W) bool.
        kind: "rough": the band reaches to both sides, as far as is left something known inside;
            "box": all that is inside is unknown.

    Returns:
        (H, W) uint8: 0, 128 and 255.
    """
    if kind == "box":
        return np.where(selected, UNKNOWN, BACKGROUND).astype(np.uint8)
    return _band(selected, REACH * _side_px(selected))


def narrowed(
    engine: Engine, request: MatteRequest, *, cancel: CancelToken | None = None
) -> MatteRequest:
    """Return the request with its rough selection made a trimap whose band is narrow.

    Args:
        engine: who runs the networks.
        request: the picture, its selection, and the `wide` trimap of that.
        cancel: stops between votes and inside networks.

    Returns:
        The same request where it has no selection; else without that, and with a note.

    Raises:
        Cancelled, EngineError, NetworkError: as `network_pass.run`.
    """
    if request.selection is None or request.trimap is None:
        return request
    small, selected = _scaled(request), request.selection >= 0.5
    assert small.trimap is not None
    allowed, selected = small.trimap, _resized(selected.astype(np.uint8), small) > 0
    if not selected.any():
        return replace(request, selection=None)
    side_px = _side_px(selected)
    subject = _vote_of_subject(engine, small, selected, cancel)
    votes = 2 * [subject] if subject is not None else []
    if (allowed == FOREGROUND).any():
        votes += _votes_on(engine, small, selected, cancel)
    elif not votes:
        votes = [_vote_of_colours(small, selected)]
    coarse = np.mean(votes, axis=0) > 0.5
    network = np.mean(votes, axis=0)
    if coarse.any() and not coarse.all():
        band = np.where(allowed == UNKNOWN, _band(coarse, AGAIN * side_px), allowed)
        again = replace(small, trimap=band.astype(np.uint8))
        colours, network = _votes_on(engine, again, coarse, cancel)
        votes = [colours, network, *(2 * [subject] if subject is not None else [])]
    trimap = _decided(np.mean(votes, axis=0), network, allowed, _AROUND * side_px)
    note = (
        "The selection is rough: its edge was looked for in a wide band, which was then narrowed."
    )
    return replace(
        request,
        trimap=_resized(trimap, request),
        selection=None,
        notes=(*request.notes, note),
    )


def _votes_on(
    engine: Engine,
    request: MatteRequest,
    selected: NDArray[np.bool_],
    cancel: CancelToken | None,
) -> list[Alpha]:
    """Return the alphas, (H, W) float32 [0, 1], that colours and the trimap network vote for."""
    best = choice.best(Guide.TRIMAP, request.options.commercial)
    alpha = network_pass.run(engine, best, request, cancel=cancel).alpha
    return [_vote_of_colours(request, selected), alpha]


def _vote_of_colours(request: MatteRequest, selected: NDArray[np.bool_]) -> Alpha:
    """Return 0 and 1, (H, W) float32, as the colours outside and inside tell them apart."""
    from matteplug.opencv import cv2

    assert request.trimap is not None
    mask = np.where(selected, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    mask[request.trimap == BACKGROUND] = cv2.GC_BGD
    mask[request.trimap == FOREGROUND] = cv2.GC_FGD
    inside = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if inside.all() or not inside.any():
        return inside.astype(np.float32)
    cv2.setRNGSeed(0)  # the same picture gives the same vote
    image = np.ascontiguousarray(pixels.from_float(pixels.to_float(request.image), np.uint8))
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(image, mask, (0, 0, 1, 1), *models, _GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)


def _vote_of_subject(
    engine: Engine,
    request: MatteRequest,
    selected: NDArray[np.bool_],
    cancel: CancelToken | None,
) -> Alpha | None:
    """Return the alpha of the subject around there, or None if that is not what is selected."""
    try:
        network = choice.best(Guide.NONE, request.options.commercial)
    except NetworkError:  # none is installed, or none may be used
        return None
    frame = Rect.around(selected)
    x_px, y_px = (round(_SEEN_AROUND * side) for side in (frame.width, frame.height))
    seen = frame.grown(x_px, y_px).intersection(Rect.from_size(Size.of(request.image)))
    image = np.ascontiguousarray(request.image[seen.slices])
    part = replace(request, image=image, trimap=None, selection=None, segmentation=None, plate=None)
    alpha = np.zeros(selected.shape, np.float32)
    alpha[seen.slices] = network_pass.run(engine, network, part, cancel=cancel).alpha
    assert request.trimap is not None
    alpha[request.trimap == BACKGROUND] = 0
    subject = alpha > 0.5
    if not (request.trimap == FOREGROUND).any():  # a box: the subject should fill it
        subject = _filled(Rect.around(subject), subject.shape)
        selected = _filled(frame, selected.shape)
    return alpha if _overlap(subject, selected) >= ALIKE else None


def _decided(mean: Alpha, network: Alpha, allowed: Trimap, around_px: float) -> Trimap:
    """Return the trimap of what was decided; what was known stays known.

    Hair, of which only the network sees more than nothing, stays unknown.
    """
    from matteplug.opencv import cv2

    low, high = np.minimum(mean, network), np.maximum(mean, network)
    near = _disc(around_px)
    trimap = np.full(mean.shape, UNKNOWN, np.uint8)
    trimap[cv2.erode((high < UNDECIDED).view(np.uint8), near) > 0] = BACKGROUND
    trimap[cv2.erode((low > 1 - UNDECIDED).view(np.uint8), near) > 0] = FOREGROUND
    trimap = np.where(allowed == UNKNOWN, trimap, allowed).astype(np.uint8)
    usable = (trimap == UNKNOWN).any() and (trimap != BACKGROUND).any()
    return trimap if usable else allowed


def _band(selected: NDArray[np.bool_], reach_px: float) -> Trimap:
    """Return a trimap with a band along a selection's edge; some of the inside stays known."""
    inside, outside = unknown_band.depth(selected), unknown_band.depth(~selected)
    known = inside > min(reach_px, _LEFT_INSIDE * float(inside.max()))
    unknown = ~known & (outside <= reach_px)
    return np.where(unknown, UNKNOWN, np.where(known, FOREGROUND, BACKGROUND)).astype(np.uint8)


def _contrast_along(image: Image, selected: NDArray[np.bool_]) -> float:
    """Return the mean contrast along a selection's edge, over the highest near by; 0 to 1."""
    from matteplug.opencv import cv2

    scale = min(1.0, SIDE_PX / max(selected.shape))
    size = scaled_size(Size.of(image), scale)
    inside = resized(selected.astype(np.float32), size) > 0.5
    smooth = cv2.GaussianBlur(pixels.to_float(resized(image, size)), (0, 0), 1)
    slopes = [cv2.Sobel(smooth, cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1))]
    contrast = np.sqrt(sum(np.square(slope).sum(axis=2) for slope in slopes))
    away = unknown_band.depth(inside) + unknown_band.depth(~inside)
    away[:3], away[-3:], away[:, :3], away[:, -3:] = (np.inf,) * 4  # the frame is no edge
    edge = away <= 1.5
    if not edge.any():
        return 0.0
    along = np.asarray(cv2.dilate(contrast, np.ones((3, 3), np.uint8)))
    highest = np.asarray(cv2.dilate(contrast, _disc(OFF * _side_px(inside))))
    return float((along[edge] / np.maximum(highest[edge], 1e-4)).mean())


def _disc(radius_px: float) -> NDArray[np.uint8]:
    from matteplug.opencv import cv2

    side = 2 * max(1, round(radius_px)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _shapes(frame: Rect) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return a filled rectangle and the ellipse in it."""
    y, x = np.ogrid[: frame.height, : frame.width]
    across, down = (2 * x + 1) / frame.width - 1, (2 * y + 1) / frame.height - 1
    return np.ones((frame.height, frame.width), bool), across**2 + down**2 <= 1


def _side_px(selected: NDArray[np.bool_]) -> float:
    """Return the side of the square as large as the frame around a selection."""
    return float(np.sqrt(Rect.around(selected).area))


def _overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def _filled(rect: Rect, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    mask[rect.slices] = True
    return mask


def _scaled(request: MatteRequest) -> MatteRequest:
    """Return picture and trimap at the size that is voted on, without all else."""
    size = Size.of(request.image)
    image = resized(request.image, scaled_size(size, min(1.0, SIDE_PX / max(size))))
    bare = replace(
        request, network=None, image=image, plate=None, segmentation=None, opacity=None, notes=()
    )
    assert request.trimap is not None
    return replace(bare, trimap=_resized(request.trimap, bare), selection=None)


def _resized(trimap: NDArray[np.uint8], request: MatteRequest) -> NDArray[np.uint8]:
    """Return a trimap or mask at the size of a request's picture."""
    from matteplug.opencv import cv2

    size = Size.of(request.image)
    return np.asarray(cv2.resize(trimap, size, interpolation=cv2.INTER_NEAREST), np.uint8)
