"""The recipe: a request in, a matte out.

    image + guide ─► network ─► inputs ─► engine ─► alpha ─► straight colours ─► Matte

`matte` is for people, `run` for hosts that have built a `MatteRequest` themselves.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matteplug import files, focus, foreground, pixels, plugins
from matteplug import trimap as trimaps
from matteplug.engine import Engine, default_engine
from matteplug.errors import Cancelled, NetworkError, RequestError
from matteplug.network import Guide, NetworkSpec
from matteplug.result import Matte
from matteplug.types import (
    Alpha,
    CancelToken,
    Image,
    MatteOptions,
    MatteRequest,
    Progress,
    Size,
)

if TYPE_CHECKING:
    from os import PathLike

    Picture: TypeAlias = ArrayLike | str | PathLike[str]


def matte(
    image: Picture,
    *,
    trimap: Picture | None = None,
    selection: Picture | None = None,
    plate: Picture | None = None,
    segmentation: Picture | None = None,
    network: str | None = None,
    provider: str = "auto",
    band_px: int | None = None,
    align: bool = True,
    clean_colours: bool = True,
    limit_mib: int | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
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

    Args:
        image: the picture.
        trimap: known background, known foreground and the unknown between them.
        selection: a rough selection of the foreground, hard or soft; not together with `trimap`.
        plate: the clean background plate.
        segmentation: a coarse soft mask of the foreground.
        network: id of a network; by default the guide decides: a trimap or selection first, then a
            plate, then none.
        provider: execution provider, "auto" for the best that works.
        band_px: half width of the unknown band around a hard selection; by default it adapts.
        align: register the plate before it is used.
        clean_colours: estimate the straight foreground colours; otherwise the image's are kept.
        limit_mib: memory that the engine may take at a time.
        engine: who runs the network; by default ONNX Runtime.
        progress: called with the share done and a word for the step.
        cancel: a token that stops the work.

    Returns:
        The matte; `notes` says what was repaired, chosen or doubted.

    Raises:
        RequestError: the picture or a guide cannot be used.
        NetworkError: there is no network for this guide, or its weights are damaged.
        EngineError: the provider cannot do it.
        Cancelled: `cancel` was set.
    """
    request = MatteRequest(
        image=_colours(image, "image"),
        plate=None if plate is None else _colours(plate, "plate"),
        segmentation=None if segmentation is None else _mask(segmentation),
        network=network,
        options=MatteOptions(
            provider=provider,
            band_px=band_px,
            align=align,
            clean_colours=clean_colours,
            limit_mib=limit_mib,
        ),
    )
    request = with_guide(request, trimap=trimap, selection=selection)
    return run(request, engine=engine, progress=progress, cancel=cancel)


def with_guide(
    request: MatteRequest, *, trimap: Picture | None = None, selection: Picture | None = None
) -> MatteRequest:
    """Return `request` with the trimap that a mask or a selection stands for, and notes on repairs.

    Raises:
        RequestError: both are given, or the guide cannot be used.
    """
    if trimap is not None and selection is not None:
        raise RequestError("two-guides", "A trimap and a selection cannot be used together.")
    if trimap is not None:
        result = trimaps.from_mask(_raw_mask(trimap))
    elif selection is not None:
        result = trimaps.from_selection(_raw_mask(selection), band_px=request.options.band_px)
    else:
        return request
    trimaps.check(result.trimap, Size.of(request.image))
    return replace(request, trimap=result.trimap, notes=request.notes + result.notes)


def choose(request: MatteRequest) -> NetworkSpec:
    """Return the network that `request` names, or the one for its guides.

    Raises:
        NetworkError: the named network is unknown, or none takes the guide.
        RequestError: the named network needs a guide that is not there.
    """
    registry = plugins.registry()
    if request.network is not None:
        spec = registry.network(request.network)
        missing = {Guide.TRIMAP: request.trimap is None, Guide.PLATE: request.plate is None}
        if missing.get(spec.guide, False):
            raise RequestError(
                "guide-missing",
                f"The network {spec.id} needs a {spec.guide.value}.",
                f"Give a {spec.guide.value}, or leave the choice of the network open.",
            )
        return spec
    guide = (
        Guide.TRIMAP
        if request.trimap is not None
        else Guide.PLATE
        if request.plate is not None
        else Guide.NONE
    )
    for spec in registry.networks.values():
        if spec.guide is guide:
            return spec
    article = {
        Guide.NONE: "without a guide",
        Guide.TRIMAP: "for a trimap",
        Guide.PLATE: "for a plate",
    }
    raise NetworkError(
        "no-network",
        f"No network {article[guide]} is installed.",
        "Give a trimap or a selection."
        if guide is not Guide.TRIMAP
        else "See `matteplug plugins`.",
    )


def run(
    request: MatteRequest,
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Matte:
    """Make the matte that `request` asks for; arguments, result and errors as for `matte`."""
    started = time.perf_counter()
    report = progress or _silent
    spec = choose(request)
    report(0.0, "loading")
    session = (engine or default_engine()).session(spec, request.options.provider)
    report(0.05, "matting")
    outputs = focus.run(
        session,
        request,
        progress=lambda share, what: report(0.05 + 0.75 * share, what),
        cancel=cancel,
    )
    alpha = outputs["alpha"][0, 0]
    matted = time.perf_counter()
    if cancel is not None and cancel.cancelled:
        raise Cancelled
    report(0.8, "colours")
    colours = _foreground(request, alpha, outputs.get("foreground"))
    finished = time.perf_counter()
    report(1.0, "done")
    return Matte(
        alpha=alpha,
        foreground=colours,
        network=spec.id,
        provider=session.provider,
        elapsed_s={
            "network": matted - started,
            "foreground": finished - matted,
            "total": finished - started,
        },
        notes=request.notes,
    )


def _foreground(
    request: MatteRequest, alpha: Alpha, predicted: NDArray[np.float32] | None
) -> Image:
    if not request.options.clean_colours:
        return request.image
    if predicted is None:
        return foreground.estimate(request.image, alpha)
    colours = pixels.from_float(predicted[0].transpose(1, 2, 0), request.image.dtype)
    return np.where((alpha == 1.0)[..., None], request.image, colours)


def _colours(picture: Picture, what: str) -> Image:
    """Return `picture` as an (H, W, 3) array of a dtype the library works in."""
    if isinstance(picture, str | os.PathLike):
        return files.read(picture).image
    array: NDArray[Any] = np.asarray(picture)
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] not in (3, 4) or 0 in array.shape:
        raise RequestError(
            "image-shape", f"The {what} has the shape {array.shape}; (H, W, 3) is needed."
        )
    if array.dtype.kind == "f":
        array = array.astype(np.float32, copy=False)
        if not np.isfinite(array).all():
            raise RequestError("image-not-finite", f"The {what} holds values that are not numbers.")
    elif array.dtype not in (np.uint8, np.uint16):
        raise RequestError(
            "image-dtype", f"The {what} is {array.dtype}; uint8, uint16 or float is needed."
        )
    return array[..., :3]


def _raw_mask(picture: Picture) -> NDArray[Any]:
    if isinstance(picture, str | os.PathLike):
        return files.read_mask(picture)
    return np.asarray(picture)


def _mask(picture: Picture) -> Alpha:
    mask = _raw_mask(picture)
    return pixels.to_float(mask)


def _silent(share: float, what: str) -> None:
    pass
