"""The recipe: a request in, a matte out.

    image + guide ─► network ─► inputs ─► engine ─► alpha ─► edge ─► straight colours
                                                          ─► edge controls ─► Matte

`matte` is for people, `run` for hosts that have built a `MatteRequest` themselves.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from matteplug import options
from matteplug.engine import Engine, default_engine
from matteplug.errors import RequestError
from matteplug.guides import fit, masks
from matteplug.guides import trimap as trimaps
from matteplug.images import arguments, files, pixels
from matteplug.images.policy import Policy
from matteplug.matting import (
    edge_controls,
    edge_refinement,
    foreground,
    islands,
    network_pass,
    rough_selection,
    strokes,
)
from matteplug.matting.choice import choose
from matteplug.matting.validation import checked
from matteplug.network import Guide, NetworkSpec
from matteplug.result import Matte
from matteplug.types import (
    UNKNOWN,
    Alpha,
    CancelToken,
    Image,
    MatteOptions,
    MatteRequest,
    Metadata,
    Progress,
    Size,
    Tensor,
    View,
    silent,
    weighted,
)

if TYPE_CHECKING:
    from matteplug.images.arguments import ImageLike

__all__ = ["matte", "request", "run", "with_guide"]

_COLOURS_S = 0.1
"""Per megapixel, as the seconds of `network_pass`."""


@options.documented(MatteOptions)
def matte(
    image: ImageLike,
    *,
    trimap: ImageLike | None = None,
    selection: ImageLike | None = None,
    plate: ImageLike | None = None,
    segmentation: ImageLike | None = None,
    network: str | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    **given: Any,
) -> Matte:
    """Cut the foreground out of a picture.

    Pictures are arrays or paths of files.

    ============  =========  ====================  =========================================
    argument      shape      dtype                 range
    ============  =========  ====================  =========================================
    image         (H, W, 3)  uint8, uint16, float  0–255, 0–65535, 0–1; (H, W) is gray
    trimap        (H, W)     any                   0/128/255, 0/1/2, or a soft mask
    selection     (H, W)     any                   0 outside, full scale inside, hard or soft
    plate         (H, W, 3)  as image              the same view without the foreground
    segmentation  (H, W)     any                   a coarse mask for networks that take one
    ============  =========  ====================  =========================================

    Floats beyond 0 to 1 are refused, since 0–255 cannot be told from highlights.  What a mask's
    values mean is described in `matteplug.guides.masks`.

    Args:
        image: the picture.
        trimap: known background, known foreground and the unknown between them.
        selection: a rough selection of the foreground, hard or soft; not together with `trimap`.
        plate: the clean background plate.
        segmentation: a coarse soft mask of the foreground.
        network: id of a network; by default the guide decides: a trimap or selection first, then a
            plate, then none.
        engine: who runs the network; by default ONNX Runtime.
        progress: called with the fraction done and a word for the step.
        cancel: a token that stops the work.
        **given: see MatteOptions.

    Returns:
        The matte; `notes` says what was repaired, chosen or doubted.

    Raises:
        RequestError: the picture, a guide or an option cannot be used.
        NetworkError: there is no network for this guide, or its weights are damaged.
        EngineError: the provider cannot do it.
        Cancelled: `cancel` was set.
    """
    asked = request(
        image,
        trimap=trimap,
        selection=selection,
        plate=plate,
        segmentation=segmentation,
        network=network,
        chosen=options.read(MatteOptions, given),
        cancel=cancel,
    )
    return run(asked, engine=engine, progress=progress, cancel=cancel)


def request(
    image: ImageLike,
    *,
    trimap: ImageLike | None = None,
    selection: ImageLike | None = None,
    plate: ImageLike | None = None,
    segmentation: ImageLike | None = None,
    network: str | None = None,
    chosen: MatteOptions | None = None,
    cancel: CancelToken | None = None,
) -> MatteRequest:
    """Return the request that pictures and guides, as people have them, stand for.

    Sizes of files are compared by their headers, before anything is decoded.

    Args:
        image: the picture; this and the guides as for `matte`.
        trimap: known background, known foreground and the unknown between them.
        selection: a rough selection of the foreground; not together with `trimap`.
        plate: the clean background plate.
        segmentation: a coarse soft mask of the foreground.
        network: id of a network, or None to choose by the guide.
        chosen: the options.
        cancel: stops reading files.

    Raises:
        Cancelled: `cancel` was set.
        RequestError: the picture or a guide cannot be used.
    """
    chosen = chosen or MatteOptions()
    reading: dict[str, Any] = {"policy": Policy.current(chosen), "cancel": cancel}
    guides = {"trimap": trimap, "selection": selection, "plate": plate}
    every = {**guides, "segmentation": segmentation}
    paths = {what: guide for what, guide in every.items() if arguments.is_path(guide)}
    if paths and arguments.is_path(image):
        size = files.size(image, **reading)  # type: ignore[arg-type]
        for what, guide in paths.items():
            fit.check(files.size(guide, **reading), size, what)  # type: ignore[arg-type]
    picture = arguments.picture(image, **reading)
    notes = picture.notes + ((arguments.TRANSPARENT,) if picture.alpha is not None else ())
    asked = MatteRequest(
        image=picture.image,
        network=network,
        opacity=picture.alpha,
        icc=picture.icc,
        metadata=picture.metadata,
        options=chosen,
        notes=notes,
    )
    if plate is not None:
        asked = replace(asked, plate=arguments.picture(plate, "plate", **reading).image)
    if segmentation is not None:
        coarse = arguments.mask(segmentation, "segmentation", **reading)
        coarse, scaling = fit.fitted(coarse, Size.of(asked.image), "segmentation")
        asked = replace(asked, segmentation=coarse, notes=asked.notes + scaling)
    return with_guide(asked, trimap=trimap, selection=selection, cancel=cancel)


def with_guide(
    request: MatteRequest,
    *,
    trimap: ImageLike | None = None,
    selection: ImageLike | None = None,
    cancel: CancelToken | None = None,
) -> MatteRequest:
    """Return `request` with the trimap that a mask or a selection stands for, and notes on repairs.

    A guide of another size is scaled, where its aspect is the picture's.

    Raises:
        Cancelled: `cancel` was set.
        RequestError: both are given, or the guide cannot be used.
    """
    if trimap is not None and selection is not None:
        raise RequestError("two-guides", "A trimap and a selection cannot be used together.")
    what, given = ("trimap", trimap) if trimap is not None else ("selection", selection)
    if given is None:
        return request
    policy = Policy.current(request.options)
    mask = arguments.mask(given, what, policy=policy, cancel=cancel)
    mask, scaling = fit.fitted(mask, Size.of(request.image), what)
    notes, band_px = request.notes + scaling, request.options.band_px
    if what == "trimap":
        result = trimaps.from_mask(mask, band_px)
    else:
        selected, reading = masks.unit(mask)
        notes += reading
        result = trimaps.around(selected, band_px)
        kind = _kind(request, selected)
        if kind != "exact":
            trimap = rough_selection.wide(selected >= 0.5, kind)
            return replace(request, selection=selected, trimap=trimap, notes=notes)
    return replace(request, trimap=result.trimap, notes=notes + result.notes)


def _kind(request: MatteRequest, selection: Alpha) -> rough_selection.Kind:
    """Return what the options say that a selection is, or what it seems to be."""
    asked = request.options.selection_kind
    if asked in ("exact", "rough", "box"):
        return cast("rough_selection.Kind", asked)
    if request.options.band_px is not None:  # it says how far the edge may be off
        return "exact"
    return rough_selection.kind_of(request.image, selection)


def run(
    request: MatteRequest,
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    view: View | None = None,
) -> Matte:
    """Make the matte that `request` asks for; arguments, result and errors as for `matte`.

    `view` is shown the alpha as it comes: coarse before fine, the edge after the whole.
    """
    started = time.perf_counter()
    cancel = cancel or CancelToken()
    request = checked(request)
    spec = choose(request)
    engine = engine or default_engine()
    if spec.guide is Guide.TRIMAP:
        request = rough_selection.narrowed(engine, request, cancel=cancel)
    if request.network is None and spec.guide is Guide.TRIMAP:
        request = strokes.spread(engine, request, cancel=cancel)
    refines = request.options.refine and spec.edge_band_fraction > 0
    first, edge = (network_pass.weights(guide, request) for guide in (spec.guide, Guide.TRIMAP))
    weights = {
        "network": sum(first.values()),
        "edge": refines * sum(edge.values()),
        "colours": Size.of(request.image).megapixels * _COLOURS_S,
    }
    steps = weighted(progress or silent, weights)
    prediction = network_pass.run(
        engine, spec, request, progress=steps["network"], cancel=cancel, view=view
    )
    alpha, predicted, notes = prediction.alpha, prediction.foreground, prediction.notes
    used = [spec]
    if refines:
        refined = edge_refinement.run(
            engine,
            spec,
            request,
            alpha,
            guessed=prediction.guessed,
            progress=steps["edge"],
            cancel=cancel,
            view=view,
        )
        if refined is not None:
            alpha = refined.alpha
            predicted = None  # it goes with the alpha before
            notes += refined.notes
            used.append(refined.by)
    if spec.guide is Guide.NONE and request.trimap is None:
        alpha = islands.without_scraps(alpha)
    alpha = edge_controls.tidy(alpha, request.options)
    matted = time.perf_counter()
    cancel.check()
    steps["colours"](0.0, "colours")
    colours = _foreground(request, alpha, predicted, steps["colours"], cancel)
    cancel.check()
    alpha = edge_controls.adjust(alpha, request.options)
    finished = time.perf_counter()
    steps["colours"](1.0, "done")
    restrictions = (_restriction(one) for one in used if one.commercial == "no")
    return Matte(
        alpha=alpha if request.opacity is None else alpha * request.opacity,
        foreground=colours,
        trimap=request.trimap,
        network=spec.id,
        provider=prediction.provider,
        elapsed_s={
            "network": matted - started,
            "foreground": finished - matted,
            "total": finished - started,
        },
        confidence=prediction.confidence,
        notes=tuple(dict.fromkeys((*notes, *restrictions))),  # two networks may say the same
        licences={one.id: one.terms for one in used},
        icc=request.icc,
        metadata=request.metadata if request.options.keep_metadata else Metadata(),
    )


def _restriction(spec: NetworkSpec) -> str:
    return f"{spec.id} must not be used commercially: {spec.licence}."


def _foreground(
    request: MatteRequest,
    alpha: Alpha,
    predicted: Tensor | None,
    progress: Progress,
    cancel: CancelToken,
) -> Image:
    amount = request.options.decontaminate_percent if request.options.clean_colours else 0
    if not amount:
        return request.image
    clean = _clean_colours(request, alpha, predicted, progress, cancel)
    return edge_controls.decontaminate(request.image, clean, amount)


def _clean_colours(
    request: MatteRequest,
    alpha: Alpha,
    predicted: Tensor | None,
    progress: Progress,
    cancel: CancelToken,
) -> Image:
    if predicted is None:
        return foreground.estimate(request.image, alpha, progress=progress, cancel=cancel)
    colours = pixels.from_float(predicted[0].transpose(1, 2, 0), request.image.dtype)
    others, is_predicted = request.image, alpha < 1.0
    if request.trimap is not None:  # the network predicts nothing where the trimap is known
        others = foreground.estimate(request.image, alpha, progress=progress, cancel=cancel)
        is_predicted &= request.trimap == UNKNOWN
    return np.where(is_predicted[..., None], colours, others)
