"""An open picture: seen while its matte is made, corrected by strokes, and seen again at once.

    request ─► glance ─► matte, tile by tile ─► OpenPicture ─► stroke ─► part ─► stroke ─► …

Opening makes the matte that `matteplug.api.run` makes.  A stroke changes the trimap under a brush,
and only what it can reach is computed again.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug import api, plugins
from matteplug.editing.brush import Painted, Stroke, within
from matteplug.engine import Engine, default_engine
from matteplug.errors import RequestError
from matteplug.images.scaling import resized, scaled_size
from matteplug.matting import (
    choice,
    coarse_to_fine,
    edge_controls,
    edge_refinement,
    foreground,
    network_inputs,
    network_pass,
)
from matteplug.network import Guide, NetworkSpec
from matteplug.result import Matte
from matteplug.types import (
    BACKGROUND,
    FOREGROUND,
    UNKNOWN,
    Alpha,
    CancelToken,
    Image,
    MatteOptions,
    MatteRequest,
    Progress,
    Rect,
    Size,
    Trimap,
    View,
)

__all__ = ["OpenPicture"]

GLANCE_PX = 160_000
"""Pixels of the first look at a picture that is larger than `coarse_to_fine.COARSE_PX`."""
REACH_PX = 48
"""How far around a stroke alpha is computed again; in the outer half it fades into what was."""
RING = 0.5
"""A stroke of what is known leaves a ring of this many of its radii unknown where it meets the
other side."""
_RING_PX = (2, 40)
"""Narrowest and widest ring."""
_COLOURS_PX = 32
"""Surroundings that straight colours are estimated with."""
_UNDO_BYTES = 64 << 20
"""What is kept to take strokes back; the oldest are forgotten first."""


class _Before(NamedTuple):
    """What a stroke changed, as it was."""

    rect: Rect
    trimap: Trimap
    painted: NDArray[np.bool_]
    alpha: Alpha
    foreground: Image

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for part in self[1:])


class OpenPicture:
    """A picture with its matte, which strokes correct.

    Attributes:
        request: what was opened, without edge controls and the image's own alpha.
        matte: the matte as it is now, of that request; a stroke changes its arrays.
        trimap: (H, W) uint8, what is known: of the guide, or of the matte where there was none, and
            of the strokes.
    """

    def __init__(
        self,
        request: MatteRequest,
        *,
        engine: Engine | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
        view: View | None = None,
    ) -> None:
        """Make the matte.

        Args:
            request: the picture and its guides.
            engine: who runs the networks; by default ONNX Runtime.
            progress: called with the fraction done and a word for the step.
            cancel: a token that stops the work.
            view: shown the alpha as it comes; of a large picture with a trimap, a glance first.

        Raises:
            Cancelled, EngineError, NetworkError, RequestError: as `matteplug.api.run`.
        """
        self._engine = engine or default_engine()
        if view is not None and request.trimap is not None:
            _glance(self._engine, request, view, cancel)
        self._opacity = request.opacity
        bare = replace(request, opacity=None, options=edge_controls.without(request.options))
        matte = api.run(bare, engine=self._engine, progress=progress, cancel=cancel, view=view)
        if np.shares_memory(matte.foreground, request.image):
            matte = replace(matte, foreground=request.image.copy())
        self.request = bare
        self.matte = matte
        self.trimap = _known(matte)
        self._opened = self.trimap.copy()
        self._painted = np.zeros(matte.alpha.shape, bool)
        self._before: deque[_Before] = deque()

    @property
    def size(self) -> Size:
        """Return the picture's size."""
        return Size.of(self.request.image)

    def stroke(self, stroke: Stroke | Painted, *, cancel: CancelToken | None = None) -> Rect:
        """Paint into the trimap, and compute alpha and colours again as far as that reaches.

        What strokes painted stays as painted, whatever later rings cover, until a `Painted` takes
        it back: there the trimap is as it was opened.

        Returns:
            The part of the picture that changed.

        Raises:
            Cancelled: `cancel` was set; nothing has changed then.
            RequestError: the stroke lies outside the picture ("stroke-outside").
            EngineError, NetworkError: as `matteplug.api.run`.
        """
        whole = Rect.from_size(self.size)
        if not stroke.rect.intersection(whole).area:
            raise RequestError("stroke-outside", "The stroke lies outside the picture.")
        spec = self._refiner()
        ring_px = float(np.clip(RING * stroke.radius_px, *_RING_PX))
        reach_px = REACH_PX + math.ceil(ring_px)
        changed = stroke.rect.grown(reach_px, reach_px).intersection(whole)
        seen = changed.grown(spec.overlap_px, spec.overlap_px).intersection(whole)
        trimap, painted, settled = self._stroked(stroke, seen, ring_px)
        alpha = self._computed(trimap, seen, spec, cancel)
        inner = changed.relative_to(seen).slices
        alpha, trimap, painted = alpha[inner], trimap[inner], painted[inner]
        settled = settled[inner]
        faded = _inside(changed, whole)
        before = self.matte.alpha[changed.slices]
        alpha = np.where(trimap == UNKNOWN, before + faded * (alpha - before), before)
        for known in (BACKGROUND, FOREGROUND):
            alpha[settled & (trimap == known)] = known / FOREGROUND
        self._commit(changed, trimap, painted, alpha.astype(np.float32))
        return changed

    def part(self, options: MatteOptions, rect: Rect | None = None, scale: float = 1.0) -> Matte:
        """Return the matte of a rectangle with its edge adjusted, and scaled down if asked.

        Args:
            options: of which the edge controls and `clean_colours` matter.
            rect: a part of the picture; None for all of it.
            scale: more than 0 and at most 1; sides are rounded, to 1 px at least.

        Raises:
            RequestError: the rectangle is not a part of the picture ("part-outside"), or the scale
                is out of range ("part-scale").
        """
        whole = Rect.from_size(self.size)
        rect = whole if rect is None else rect
        if not rect.area or not whole.contains(rect):
            raise RequestError(
                "part-outside", f"The part {tuple(rect)} is not one of a picture of {self.size}."
            )
        if not 0 < scale <= 1:
            raise RequestError("part-scale", f"A picture cannot be seen at a scale of {scale:g}.")
        tidied = edge_controls.tidy(self.matte.alpha, options)
        margin_px = edge_controls.margin_px(options)
        read = rect.grown(margin_px, margin_px).intersection(whole)
        alpha = edge_controls.adjust(tidied[read.slices], options)[rect.relative_to(read).slices]
        if self._opacity is not None:
            alpha = alpha * self._opacity[rect.slices]
        image, colours = self.request.image[rect.slices], self.matte.foreground[rect.slices]
        if tidied is not self.matte.alpha:  # what was filled is the picture's own
            colours = np.where((tidied[rect.slices] == 1)[..., None], image, colours)
        amount = options.decontaminate_percent if options.clean_colours else 0
        colours = edge_controls.decontaminate(image, colours, amount)
        size = scaled_size(Size(rect.width, rect.height), scale)
        return replace(self.matte, alpha=resized(alpha, size), foreground=resized(colours, size))

    @property
    def nbytes(self) -> int:
        """Return the memory that the picture takes while nothing is computed, in bytes."""
        arrays = (
            self.request.image,
            self.trimap,
            self._opened,
            self._painted,
            self.matte.alpha,
            self.matte.foreground,
        )
        return sum(array.nbytes for array in arrays) + sum(b.nbytes for b in self._before)

    def undo(self) -> Rect:
        """Take the last stroke back, and return the part that changed; empty if there is none."""
        if not self._before:
            return Rect(0, 0, 0, 0)
        before = self._before.pop()
        part = before.rect.slices
        self.trimap[part], self._painted[part] = before.trimap, before.painted
        self.matte.alpha[part], self.matte.foreground[part] = before.alpha, before.foreground
        return before.rect

    def _refiner(self) -> NetworkSpec:
        """Return the trimap network that computes strokes: the picture's own, if it is one."""
        named = replace(self.request, trimap=self.trimap, plate=None, segmentation=None)
        spec = choice.choose(named)
        return spec if spec.guide is Guide.TRIMAP else choice.choose(replace(named, network=None))

    def _stroked(
        self, stroke: Stroke | Painted, seen: Rect, ring_px: float
    ) -> tuple[Trimap, NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the trimap of a part with the stroke in it, and what is painted there.

        The third is where the trimap says what alpha is: what is painted, and what was until now.
        """
        trimap, painted = self.trimap[seen.slices].copy(), self._painted[seen.slices].copy()
        masks = stroke.masks(seen)
        again = np.zeros_like(painted)
        if isinstance(stroke, Painted):
            erased = np.zeros_like(painted)
            erased[stroke.rect.intersection(seen).relative_to(seen).slices] = True
            erased &= painted & ~np.any([mask for _, mask in masks], axis=0)
            painted &= ~erased
            again = within(erased, _RING_PX[1]) & ~painted
            trimap[again] = self._opened[seen.slices][again]
        for what, mask in masks:
            if what != UNKNOWN:
                near = within(mask, ring_px)
                trimap[near & (trimap != what) & ~painted] = UNKNOWN
        for what, mask in masks:
            trimap[mask] = what
            painted[mask] = True
        return trimap, painted, painted | again

    def _computed(
        self, trimap: Trimap, seen: Rect, spec: NetworkSpec, cancel: CancelToken | None
    ) -> Alpha:
        """Return the alpha of a part by a trimap of it."""
        if not (trimap == UNKNOWN).any():
            return np.asarray(trimap / np.float32(FOREGROUND), np.float32)
        part = replace(
            network_inputs.cropped(self.request, seen),
            trimap=trimap,
            plate=None,
            segmentation=None,
            notes=(),
        )
        return network_pass.run(self._engine, spec, part, cancel=cancel).alpha

    def _commit(self, rect: Rect, trimap: Trimap, painted: NDArray[np.bool_], alpha: Alpha) -> None:
        part, matte = rect.slices, self.matte
        changing = (self.trimap, self._painted, matte.alpha, matte.foreground)
        self._before.append(_Before(rect, *(array[part].copy() for array in changing)))
        while len(self._before) > 1 and sum(b.nbytes for b in self._before) > _UNDO_BYTES:
            self._before.popleft()
        self.trimap[part], self._painted[part], matte.alpha[part] = trimap, painted, alpha
        if not self.request.options.clean_colours:
            return
        around = rect.grown(_COLOURS_PX, _COLOURS_PX).intersection(Rect.from_size(self.size))
        colours = foreground.estimate(self.request.image[around.slices], matte.alpha[around.slices])
        matte.foreground[part] = colours[rect.relative_to(around).slices]


def _glance(engine: Engine, request: MatteRequest, view: View, cancel: CancelToken | None) -> None:
    """Show a large picture's alpha as a small copy of it gives it."""
    crop = coarse_to_fine.crop_around_unknown(request)
    if crop.area <= coarse_to_fine.COARSE_PX:
        return
    factor = math.sqrt(GLANCE_PX / crop.area)
    small = scaled_size(Size(crop.width, crop.height), factor)
    glanced = network_inputs.scaled(network_inputs.cropped(request, crop), small)
    spec = choice.choose(replace(request, plate=None, segmentation=None))
    view(network_pass.run(engine, spec, glanced, cancel=cancel).alpha, crop)


def _known(matte: Matte) -> Trimap:
    """Return the guide's trimap, or where there was none what is known by the matte."""
    if matte.trimap is not None:
        return np.array(matte.trimap)
    trimap = edge_refinement.band(matte.alpha, plugins.registry().network(matte.network))
    if trimap is not None:
        return trimap
    hard = np.full(matte.alpha.shape, BACKGROUND, np.uint8)
    hard[matte.alpha > 0.5] = FOREGROUND
    return hard


def _inside(rect: Rect, whole: Rect) -> NDArray[np.float32]:
    """Return how much of what is new is taken, (H, W) of `rect`: 0 at its border, 1 further in.

    There is no border where the picture ends.
    """
    sides = (
        (rect.height, rect.y > whole.y, rect.bottom < whole.bottom),
        (rect.width, rect.x > whole.x, rect.right < whole.right),
    )
    y, x = (_ramp(*side) for side in sides)
    return np.minimum(y[:, None], x)


def _ramp(length: int, fades_in: bool, fades_out: bool) -> NDArray[np.float32]:
    from_start = np.arange(length, dtype=np.float32) + np.float32(0.5)
    nearest = np.full(length, REACH_PX, np.float32)
    if fades_in:
        nearest = np.minimum(nearest, from_start)
    if fades_out:
        nearest = np.minimum(nearest, from_start[::-1])
    return np.asarray(np.clip(nearest / (REACH_PX / 2), 0, 1), np.float32)
