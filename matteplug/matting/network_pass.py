"""One pass: a request through one network, from its weights on disk to an alpha.

    session ─► plate on the image ─► coarse to fine ─► beyond the plate ─► confidence ─► Prediction

A matte takes one pass, and a second one where a trimap network refines the edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matteplug.engine import Engine
from matteplug.guides import plate as plates
from matteplug.matting import coarse_to_fine
from matteplug.matting.confidence import apply_confidence, doubt
from matteplug.network import Guide, NetworkSpec
from matteplug.types import (
    UNKNOWN,
    Alpha,
    CancelToken,
    MatteRequest,
    Progress,
    Size,
    Tensor,
    View,
    silent,
    weighted,
)

_LOADING_S = 0.6
"""Seconds of CPU time, measured with the networks that are shipped; as the two below."""
_REGISTERING_S = 2.2
"""Per megapixel."""
_NETWORK_S = {Guide.TRIMAP: 3.5, Guide.PLATE: 2.2, Guide.NONE: 0.4}
"""Per megapixel."""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a network made of a request.

    Attributes:
        alpha: (H, W) float32 [0, 1]; exactly 0 and 1 where the trimap is known.
        foreground: (1, 3, H, W) float32 [0, 1] straight colours, 0 where the network was not run;
            None where it predicts none.
        confidence: mean confidence, of the network or else of the registration; None without both.
        guessed: (H, W) bool, what may be holes because the plate is lost there; None for nothing.
        provider: id of the execution provider that ran it.
        notes: the request's, and what was registered, passed over and doubted.
    """

    alpha: Alpha
    foreground: Tensor | None
    confidence: float | None
    guessed: NDArray[np.bool_] | None
    provider: str
    notes: tuple[str, ...]


def run(
    engine: Engine,
    spec: NetworkSpec,
    request: MatteRequest,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    view: View | None = None,
) -> Prediction:
    """Run a network on a request.

    Args:
        engine: who runs it, by the provider of the request's options.
        spec: the network, from `matteplug.matting.choice`.
        request: the picture and its guides.
        progress: called with the fraction of the pass that is done.
        cancel: stops between steps, between tiles and inside them.
        view: shown the alpha as it comes, coarse before fine.

    Raises:
        RequestError: the plate cannot be used, or the memory limit is too small.
        NetworkError: the weights are missing or damaged.
        Cancelled, EngineError: as `Session.run`.
    """
    cancel = cancel or CancelToken()
    steps = weighted(progress or silent, weights(spec.guide, request))
    steps["loading"](0.0, "loading")
    session = engine.session(spec, request.options.provider, steps["loading"])
    cancel.check()
    image = request.image
    request, registered = plates.prepare(
        request, spec, progress=steps["registering"], cancel=cancel
    )
    steps["network"](0.0, "matting")
    outputs = coarse_to_fine.run(
        session, request, progress=steps["network"], cancel=cancel, view=view
    )
    if registered is not None:
        outputs = plates.completed(outputs, registered, request.trimap)
    alpha, confidence, notes = apply_confidence(outputs, request.trimap)
    if confidence is None and registered is not None:
        asked = None if request.trimap is None else request.trimap == UNKNOWN
        confidence, reasons = registered.confidence_of(request.image, alpha, asked)
        notes = (*reasons, *doubt(confidence))
    return Prediction(
        alpha=alpha,
        foreground=outputs.get("foreground") if request.image is image else None,
        confidence=confidence,
        guessed=None if registered is None else plates.holes(registered, alpha),
        provider=session.provider,
        notes=(*request.notes, *session.notes, *notes),
    )


def weights(guide: Guide, request: MatteRequest) -> dict[str, float]:
    """Return the steps of a pass with a network for `guide`, and how long each takes about."""
    registers = guide is Guide.PLATE and request.options.align
    megapixels = Size.of(request.image).megapixels
    return {
        "loading": _LOADING_S,
        "registering": megapixels * _REGISTERING_S if registers else 0.0,
        "network": megapixels * _NETWORK_S[guide],
    }
