"""Refine an alpha's soft edge with a trimap network, once it is known where the edge runs.

A network without a trimap has to find the foreground first, in a picture that it sees scaled down
or next to a plate that is slightly off.  A trimap network only has to compute the edge.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug.engine import Engine
from matteplug.guides import unknown_band
from matteplug.matting import choice, network_pass
from matteplug.network import NetworkSpec
from matteplug.types import (
    BACKGROUND,
    FOREGROUND,
    UNKNOWN,
    Alpha,
    CancelToken,
    MatteRequest,
    Progress,
    Trimap,
    View,
)

FAR, NEAR = 0.016, 0.008
"""How far the refined edge may be from the first one, of the picture's longer side; the second
where the two alphas overlap by less than `DISPUTED`."""
DISPUTED = 0.9


class Refined(NamedTuple):
    """An alpha with its edge refined, the network that did it, and notes for the user."""

    alpha: Alpha
    by: NetworkSpec
    notes: tuple[str, ...]


def run(
    engine: Engine,
    spec: NetworkSpec,
    request: MatteRequest,
    alpha: Alpha,
    *,
    guessed: NDArray[np.bool_] | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    view: View | None = None,
) -> Refined | None:
    """Have the best trimap network compute the soft edge of an alpha again.

    Args:
        engine: who runs it, by the provider of the request's options.
        spec: the network that made the alpha.
        request: what it was made of; what its trimap knows is kept.
        alpha: (H, W) float32 [0, 1].
        guessed: (H, W), where the alpha says nothing; it is unknown as the edge is.
        progress: called with the fraction of the work that is done.
        cancel: stops between tiles and inside them.
        view: shown the edge as it comes.

    Returns:
        The alpha, by which network, and notes for the user; it is as it was where it is soft
        outside `band`, and where it is `contradicted`.  None where there is nothing to do.

    Raises:
        NetworkError: there is no trimap network.
        Cancelled, EngineError: as `Session.run`.
    """
    trimap = band(alpha, spec, request.trimap, guessed)
    if trimap is None:
        return None
    edge = replace(request, network=None, trimap=trimap, plate=None, segmentation=None, notes=())
    refiner = choice.choose(edge)
    refined = network_pass.run(engine, refiner, edge, progress=progress, cancel=cancel, view=view)
    kept = _soft(alpha, spec) & (trimap != UNKNOWN)
    kept |= contradicted(alpha, refined.alpha, _reach_px(alpha, spec))
    notes = (f"The edge is by {refiner.id}.", *refined.notes)
    return Refined(np.where(kept, alpha, refined.alpha), refiner, notes)


def band(
    alpha: Alpha,
    spec: NetworkSpec,
    trimap: Trimap | None = None,
    guessed: NDArray[np.bool_] | None = None,
) -> Trimap | None:
    """Return the trimap of an alpha's soft edge.

    Soft areas inside the foreground, which touch no background, are not an edge.

    Args:
        alpha: (H, W) float32 [0, 1].
        spec: the network that made it: from where its alpha is soft, and how far around that the
            band reaches; 1 px at least.
        trimap: what is known besides, (H, W) uint8; it is kept.
        guessed: (H, W), what is unknown besides.

    Returns:
        (H, W) uint8: 0, 128 and 255; or None where there is no soft edge, or nothing known on one
        of its sides.
    """
    soft = _soft(alpha, spec)
    if not soft.any():
        return None
    near = unknown_band.depth(~soft) <= _reach_px(alpha, spec)
    near &= _beside(near, ~near & (alpha <= 0.5))
    if guessed is not None:
        near |= guessed
    drawn = np.where(near, UNKNOWN, np.where(alpha > 0.5, FOREGROUND, BACKGROUND)).astype(np.uint8)
    if trimap is not None:
        np.copyto(drawn, trimap, where=trimap != UNKNOWN)
    values = np.unique(drawn).tolist()
    return drawn if values == [BACKGROUND, UNKNOWN, FOREGROUND] else None


def contradicted(alpha: Alpha, refined: Alpha, reach_px: float) -> NDArray[np.bool_]:
    """Return where a refined alpha takes the other side, further from the edge than that can be.

    A trimap network computes edges well, but what the subject is, it guesses: by colour.  Far from
    where the first alpha crosses 0.5, the network that found the subject is to be believed, however
    unsure it is; all the more where the other disagrees about much of the subject.

    Args:
        alpha: (H, W) float32 [0, 1].
        refined: the same, refined.
        reach_px: how far the first one's edge may be off at least.
    """
    inside, refined_inside = alpha > 0.5, refined > 0.5
    contrary = inside != refined_inside
    disputed = contrary.sum() > (1 - DISPUTED) * (inside | refined_inside).sum()
    far_px = max(reach_px, (NEAR if disputed else FAR) * max(alpha.shape))
    from_edge = np.where(inside, unknown_band.depth(inside), unknown_band.depth(~inside))
    return np.asarray(contrary & (from_edge > far_px))


def _reach_px(alpha: Alpha, spec: NetworkSpec) -> float:
    return float(max(1.0, spec.edge_band_fraction * max(alpha.shape)))


def _soft(alpha: Alpha, spec: NetworkSpec) -> NDArray[np.bool_]:
    return (alpha > spec.soft_threshold) & (alpha < 1 - spec.soft_threshold)


def _beside(areas: NDArray[np.bool_], what: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the connected areas that touch `what`."""
    from matteplug.opencv import cv2

    _, numbers = cv2.connectedComponents(areas.astype(np.uint8))
    grown = cv2.dilate(what.astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.isin(numbers, np.unique(numbers[areas & (grown > 0)]))
