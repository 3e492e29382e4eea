"""The endless stream of synthetic scenes: which objects, over what, seen by which camera.

Every scene is determined by (seed, index).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np

from matteplug.errors import RequestError
from matteplug.training.scenes import (
    blur,
    camera,
    colour_maps,
    holes,
    layers,
    plate_differences,
    plates,
)
from matteplug.training.scenes.drawn.cutout import U8
from matteplug.training.scenes.drawn.styles import STYLES, WEIGHTS, Style
from matteplug.training.scenes.kinds.kind import Kind, SceneLayers, Supplies
from matteplug.training.scenes.kinds.table import KIND_WEIGHTS, KINDS
from matteplug.training.scenes.layers import Drawn
from matteplug.training.scenes.noise import Field, Rng
from matteplug.training.scenes.object_pool import ObjectPool
from matteplug.training.scenes.photographs import Photographs, Split
from matteplug.training.scenes.rendered_people import People
from matteplug.training.scenes.sprites import Sprites
from matteplug.training.scenes.taught import TaughtCutouts, files_of
from matteplug.training.scenes.textures import Textures

SMALLEST_CANVAS_PX = 640
LINEAR_LIGHT = 2.2
ATTEMPTS = 6
FULLEST = 0.85
FROM_FILES = frozenset({"people", "subjects"})
"""Styles that are whole subjects, read from files."""
PEOPLE_AT_ONCE, PEOPLE_REUSE = 24, 2
NOBODY_PROBABILITY = 0.12
"""Probability that a portrait shows no person."""
SIMILAR_COLOURS_PROBABILITY = 0.3
"""Probability that a portrait's background takes on the person's colours."""
FURNITURE_PROBABILITY = 0.7
"""Probability that one to four other objects stand in a portrait's background."""
WHOLE_FURNITURE_PROBABILITY = 0.5
"""Probability that such an object is shown whole."""
THING_PROBABILITY = 0.3
"""Probability, where drawn things count as subjects, too, that one stands in front."""
HOLES_PROBABILITY = 0.25
"""Probability that the object of a crop has holes."""
Layout = Literal["crop", "portrait"]
ZOOMS: dict[Layout, tuple[float, float]] = {"crop": (0.35, 2.2), "portrait": (0.5, 6.0)}
"""Least and largest zoom, photograph pixels per background pixel: from a detail up to all of it."""
Purpose = Literal["scene", "object", "plate", "furniture", "kind"]
Choose = Callable[[Rng], tuple[str, Drawn]]
"""Returns the style and the drawing of a suitable object."""
ORDINARY = Kind()
"""What a scene is that is of none of `KINDS`."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A picture whose alpha, foreground and background are known.

    Attributes:
        image: (H, W, 3) uint8 RGB, what a network sees.
        trimap: (H, W) uint8, 0 background, 128 unknown, 255 foreground.
        alpha: (H, W) uint8.
        foreground: (H, W, 3) uint8 straight colours, defined everywhere.
        background: (H, W, 3) uint8.
        styles: names of the styles that were drawn, topmost last, then of its kind if it has one.
        plate: (H, W, 3) uint8, the background as captured apart; None where not asked for.
        segmentation: (H, W) uint8, a coarse mask of the object; None where not asked for.
        known: (H, W) uint8, 255 where alpha is to be learnt, else 0; None for everywhere.
        hidden: (H, W) bool, what a trimap must not give away; None for nothing.
    """

    image: U8
    trimap: U8
    alpha: U8
    foreground: U8
    background: U8
    styles: tuple[str, ...] = ()
    plate: U8 | None = None
    segmentation: U8 | None = None
    known: U8 | None = None
    hidden: U8 | None = None


@dataclass(frozen=True, kw_only=True)
class Effects:
    """The camera's effects: all of them for training, none where composition must be exact.

    Attributes:
        camera: softness, noise, sharpening, JPEG.
        linear_fraction: fraction of the scenes that are composited in linear light.
    """

    camera: bool = True
    linear_fraction: float = 0.2


NO_EFFECTS = Effects(camera=False, linear_fraction=0.0)


@dataclass
class SceneSource:
    """Makes scenes; every worker has its own source.

    Args:
        seed: determines the stream.
        size_px: edge of the square scenes; drawings are made large enough for it, see `resized`.
        photos: folder of photographs for backgrounds and textures.
        sprites: folder of cut-outs with alpha, or None.
        people: folder of rendered people with alpha, or None.
        subjects: folder of taught subjects, or None.  With it, the layout "portrait" shows whatever
            may stand in front: people, taught subjects and, less often, drawn things.
        styles: relative frequency of each style and kind of scene, by name; None for `WEIGHTS` and
            `KIND_WEIGHTS`.  If there are only kinds, their objects are of all styles.
        holdout_styles: styles that are not drawn, and kinds that are not made.
        split: "train" or "holdout": which photographs, cut-outs, people and random numbers are
            used.
        shards: scenes whose index is equal modulo `shards` share objects; pass the number of
            workers if worker w makes the scenes w, w + shards, w + 2·shards, …
        effects: what the camera adds.
        layout: "crop" shows a part of a larger picture, around an edge; some crops are of `KINDS`.
            "portrait" shows the whole object, upright, in front of a background with other sharp
            objects; if there is a folder of people, the object is a person (or nobody), and
            everything else is background.
        plates: make `Scene.plate` and `Scene.segmentation`; objects cast shadows and reflections,
            and small objects come and go.
        pool_size: number of objects to choose from at any time.
        reuse: number of scenes after which one object is replaced.

    Raises:
        RequestError: a folder has no usable file, or a style is unknown.
    """

    seed: int
    size_px: int
    photos: Path
    sprites: Path | None = None
    people: Path | None = None
    subjects: Path | None = None
    styles: Mapping[str, float] | None = None
    holdout_styles: tuple[str, ...] = ()
    split: Split = "train"
    shards: int = 1
    effects: Effects = field(default_factory=Effects)
    layout: Layout = "crop"
    plates: bool = False
    pool_size: int = 48
    reuse: int = 20

    def __post_init__(self) -> None:
        more = files_of(self.subjects, "background", self.split) if self.subjects else ()
        self._photographs = Photographs(Path(self.photos), self.split, more=more)
        self._textures = Textures(self._photographs, self.size_px)
        drawers: dict[str, Style] = dict(STYLES)
        if self.sprites is not None:
            drawers["sprites"] = Sprites(Path(self.sprites), self.split)
        if self.people is not None:
            drawers["people"] = People(Path(self.people), self.split)
        if self.subjects is not None:
            drawers["subjects"] = TaughtCutouts(Path(self.subjects), self.split)
        available = {name: w for name, w in WEIGHTS.items() if name in drawers}
        named = self.styles or available | KIND_WEIGHTS
        if unknown := sorted({*named, *self.holdout_styles} - {*drawers, *KINDS}):
            raise RequestError(
                "unknown-style",
                f"There is no style {', '.join(unknown)}.",
                f"Known: {', '.join([*drawers, *KINDS])} (sprites and people need a folder).",
            )
        named = {name: weight for name, weight in named.items() if name not in self.holdout_styles}
        weights = {name: weight for name, weight in named.items() if name not in KINDS}
        self._kinds = {name: weight for name, weight in named.items() if name in KINDS}
        self._ordinary = sum(weights.values())
        weights = weights or {n: w for n, w in available.items() if n not in self.holdout_styles}
        files = {name: 1.0 for name in weights if name in FROM_FILES}
        subjects = files if self.layout == "portrait" and files else weights
        furniture = {name: weight for name, weight in weights.items() if name not in subjects}
        self._subjects = self._pool(drawers, subjects, "object")
        self._furniture = self._pool(drawers, furniture, "furniture") if furniture else None
        self._things = self._furniture if "subjects" in subjects else None

    def resized(self, size_px: int) -> SceneSource:
        """Return a source of scenes of another size that show the same drawings and photographs."""
        other = copy.copy(self)
        other.size_px = size_px
        other._textures = Textures(self._photographs, size_px)
        return other

    def _pool(
        self, drawers: Mapping[str, Style], weights: Mapping[str, float], purpose: Purpose
    ) -> ObjectPool:
        only_files = weights.keys() <= FROM_FILES  # read, not drawn: cheap to replace
        return ObjectPool(
            drawers=drawers,
            weights=weights,
            generator=lambda shard, number: self._rng(purpose, number, shard),
            canvas_px=max(SMALLEST_CANVAS_PX, 3 * self.size_px // 2),
            shards=self.shards,
            size=PEOPLE_AT_ONCE if only_files else self.pool_size,
            reuse=PEOPLE_REUSE if only_files else self.reuse,
        )

    def sample(self, index: int) -> Scene:
        """Make scene number `index`, from 0.

        The image is αF + (1 − α)B of the rounded layers, in sRGB or in linear light.
        """
        rng = self._rng("scene", index)
        self._photographs.advance(index // self.shards)
        kind_rng = self._rng("kind", index)
        kind_name = self._kind(kind_rng)
        kind = KINDS.get(kind_name, ORDINARY)
        background, photo = self._textures.background(rng, ZOOMS[self.layout])
        subjects, nobody = self._subjects, False
        if self._things is not None and rng.random() < THING_PROBABILITY:
            subjects = self._things
        if self._furniture is not None:
            nobody = rng.random() < NOBODY_PROBABILITY
        bare = subjects is self._things or (nobody and self._things is not None)
        if self._furniture is not None and not bare and rng.random() < FURNITURE_PROBABILITY:
            background = self._furnished(rng, index, self._furniture, background, photo)
        choose = partial(subjects.choose, index=index)
        foreground, alpha, names = self._foreground(
            rng, background, photo, partial(choose, styles=kind.objects)
        )
        if self._furniture is not None and rng.random() < SIMILAR_COLOURS_PROBABILITY:
            background = colour_maps.with_similar_colours(rng, background, foreground, alpha)
        if nobody:
            alpha, names = np.zeros_like(alpha), ()
        if kind is not ORDINARY:
            names = (*names, kind_name)

        def another(styles: Sequence[str]) -> tuple[Field, Field]:
            return self._object(kind_rng, background, photo, partial(choose, styles=styles))[1:]

        supplies = Supplies(self._textures, photo, another)
        foreground, alpha, background, hidden = kind.arrange(
            kind_rng, SceneLayers(foreground, alpha, background), supplies
        )
        foreground, background = camera.grade(rng, foreground, background)
        plate_rng = self._rng("plate", index)
        plate = None
        if self.plates:
            empty, background = plate_differences.between(plate_rng, background, foreground, alpha)
            plate = plates.captured(plate_rng, empty)
        alpha8 = camera.quantise(alpha)
        foreground8, background8 = camera.quantise(foreground), camera.quantise(background)
        linear = rng.random() < self.effects.linear_fraction
        image = composed(foreground8, alpha8, background8, LINEAR_LIGHT if linear else 1.0)
        return Scene(
            image=camera.expose(rng, image) if self.effects.camera else camera.quantise(image),
            trimap=kind.trimap(rng, alpha8, hidden),
            alpha=alpha8,
            foreground=foreground8,
            background=background8,
            styles=names,
            plate=plate,
            segmentation=plates.segmentation(plate_rng, alpha8) if self.plates else None,
            hidden=hidden,
        )

    def _rng(self, purpose: Purpose, number: int, shard: int = 0) -> Rng:
        split = ("train", "holdout").index(self.split)
        use = get_args(Purpose).index(purpose)
        return np.random.default_rng([self.seed, split, use, shard, number])

    def _kind(self, rng: Rng) -> str:
        """Return the name of a scene's kind; "" for an ordinary one."""
        if not self._kinds or self.layout == "portrait":
            return ""
        names = ["", *self._kinds]
        chances = np.array([self._ordinary, *self._kinds.values()])
        return names[int(rng.choice(len(names), p=chances / chances.sum()))]

    def _foreground(
        self, rng: Rng, background: Field, photo: int, choose: Choose
    ) -> tuple[Field, Field, tuple[str, ...]]:
        """Lay one to three objects over one another; return colours, alpha and style names."""
        name, colour, alpha = self._object(rng, background, photo, choose)
        names = [name]
        more = (0.25, 0.06) if self.layout == "crop" else (0.15, 0.0)
        for _ in range(sum(rng.random() < chance for chance in more)):
            name, upper_colour, upper_alpha = self._object(rng, background, photo, choose)
            both = layers.over(upper_colour, upper_alpha, colour, alpha)
            if both[1].mean() < FULLEST:  # a crop without background teaches nothing
                colour, alpha = both
                names.append(name)
        if self.layout == "crop" and rng.random() < HOLES_PROBABILITY:
            alpha = holes.cut(rng, alpha)
        if self.layout == "crop" and rng.random() < 0.08:
            alpha = 1 - alpha  # the object is the surroundings: a window, an arch, a gap in a coat
        return colour, np.clip(alpha, 0, 1), tuple(names)

    def _object(
        self, rng: Rng, background: Field, photo: int, choose: Choose
    ) -> tuple[str, Field, Field]:
        """Return the name, colours and alpha of one placed object."""
        name, drawn = choose(rng)
        view = self._visible(rng, drawn)
        cover = layers.densify(rng, view[..., 0], drawn.material)
        if drawn.blur_px:  # no detail, so that opaque pixels nearby give a soft rim's colour
            colour = self._textures.gradient(rng)
        else:
            colour = layers.colours(
                rng, view, drawn.material, self._textures, behind=background, photo=photo
            )
        return name, *blur.optics(rng, *blur.soft(colour, cover, drawn.blur_px))

    def _visible(self, rng: Rng, drawn: Drawn) -> Field:
        """Place an object until the crop shows some of its solid part and some background.

        Crops that are soft nearly everywhere, or show nothing solid, occur, but seldom.
        """
        if self.layout == "portrait":
            return layers.view(drawn, self.size_px, layers.whole(rng, drawn, self.size_px))
        softest = rng.uniform(0.15, 0.6)
        core = 0.08 if rng.random() < 0.9 else 0.01
        for _ in range(ATTEMPTS):
            view = layers.view(drawn, self.size_px, layers.near_edge(rng, drawn, self.size_px))
            sparse = view[::4, ::4, 0]
            soft, solid = (sparse > 0.03) & (sparse < 0.97), sparse >= 0.97
            if sparse.mean() < FULLEST and soft.mean() < softest and solid.mean() > core:
                break
        return view

    def _furnished(
        self, rng: Rng, index: int, furniture: ObjectPool, background: Field, photo: int
    ) -> Field:
        """Add sharp objects to the background, lest a network learn that sharp means foreground."""
        for _ in range(int(rng.integers(1, 5))):
            _, drawn = furniture.choose(rng, index)
            place = layers.whole if rng.random() < WHOLE_FURNITURE_PROBABILITY else layers.near_edge
            view = layers.view(drawn, self.size_px, place(rng, drawn, self.size_px))
            colour = layers.colours(
                rng, view, drawn.material, self._textures, behind=background, photo=photo
            )
            background = colour_maps.mixed(background, colour, view[..., 0])
        return background


def composed(foreground: U8, alpha: U8, background: U8, light: float) -> Field:
    """Return αF + (1 − α)B, (H, W, 3) float32 [0, 1], computed on values to the power `light`.

    Args:
        foreground: (H, W, 3) uint8 straight colours.
        alpha: (H, W) uint8.
        background: (H, W, 3) uint8.
        light: exponent that makes the colours linear; 1 composites the values as they are.
    """
    opacity = alpha * np.float32(1 / 255)
    front = foreground * np.float32(1 / 255)
    back = background * np.float32(1 / 255)
    if light == 1.0:
        return colour_maps.mixed(back, front, opacity)
    mixed = colour_maps.mixed(back ** np.float32(light), front ** np.float32(light), opacity)
    encoded: Field = np.maximum(mixed, 0) ** np.float32(1 / light)
    return encoded


def single_threaded() -> None:
    """Limit OpenCV to one thread; call it in every worker process."""
    cv2.setNumThreads(1)
