"""The endless stream of scenes: which objects, over what, seen by which camera.

Every scene is determined by (seed, index).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    trimaps,
)
from matteplug.training.scenes.drawn.cutout import U8
from matteplug.training.scenes.drawn.styles import STYLES, WEIGHTS, Style
from matteplug.training.scenes.layers import Drawn
from matteplug.training.scenes.noise import Field, Rng
from matteplug.training.scenes.object_pool import Pool
from matteplug.training.scenes.photographs import Photographs, Split
from matteplug.training.scenes.rendered_people import People
from matteplug.training.scenes.sprites import Sprites
from matteplug.training.scenes.textures import Textures

SMALLEST_CANVAS_PX = 640
LINEAR_LIGHT = 2.2
ATTEMPTS = 6
FULLEST = 0.85
PEOPLE_AT_ONCE, PEOPLE_REUSE = 24, 2
NOBODY = 0.06
ALIKE = 0.3
"""Shares of the portraits that show nobody, and whose background takes on the person's colours."""
FURNISHED, WHOLE = 0.7, 0.5
"""Share of the portraits with one to four things in the background; how many of these are whole."""
GAPS = 0.25
"""Share of the crops whose object has gaps."""
Layout = Literal["crop", "portrait"]
ZOOMS: dict[Layout, tuple[float, float]] = {"crop": (0.35, 2.2), "portrait": (0.5, 6.0)}
"""Bounds of a photograph's pixels per pixel of the background: a part of it, or up to all."""
Purpose = Literal["scene", "object", "plate", "furniture"]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A picture whose alpha, foreground and background are known.

    Attributes:
        image: (H, W, 3) uint8 RGB, what a network sees.
        trimap: (H, W) uint8, 0 background, 128 unknown, 255 foreground.
        alpha: (H, W) uint8.
        foreground: (H, W, 3) uint8 straight colours, defined everywhere.
        background: (H, W, 3) uint8.
        styles: names of the styles that were drawn, topmost last.
        plate: (H, W, 3) uint8, the background as captured apart; None where not asked for.
        segmentation: (H, W) uint8, a coarse mask of the object; None where not asked for.
    """

    image: U8
    trimap: U8
    alpha: U8
    foreground: U8
    background: U8
    styles: tuple[str, ...] = ()
    plate: U8 | None = None
    segmentation: U8 | None = None


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Which effects a camera adds; all of them for training, none where composition must be exact.

    Attributes:
        camera: softness, noise, sharpening, JPEG.
        linear_share: share of the scenes that are composed in linear light.
    """

    camera: bool = True
    linear_share: float = 0.2


NO_EFFECTS = Effects(camera=False, linear_share=0.0)


@dataclass
class SceneSource:
    """Makes scenes; a worker has its own.

    Args:
        seed: names the stream.
        size_px: edge of the square scenes; drawings are as large as it needs, see `resized`.
        photos: folder of photographs for backgrounds and textures.
        sprites: folder of cut-outs with alpha, or None.
        people: folder of rendered people with alpha, or None.
        styles: how often each style is drawn, by name; None for `WEIGHTS`.
        hold: styles that are not drawn.
        split: "train" or "held": which photographs, cut-outs and people, and which numbers.
        lanes: scenes whose index is equal modulo `lanes` share objects; give the number of workers
            where worker w makes the scenes w, w + lanes, w + 2·lanes, …
        effects: what the camera adds.
        layout: "crop": a part of a larger picture, around an edge; "portrait": the whole object,
            upright, before a background in which other sharp things stand; where there are people,
            they are the objects and all else stands around, or there is nobody.
        plates: make `Scene.plate` and `Scene.segmentation`; objects cast shadows and are mirrored,
            small things come and go.
        pool: objects to choose from at any time.
        reuse: scenes after which one object is replaced.

    Raises:
        RequestError: a folder has nothing that can be used, or a style is unknown.
    """

    seed: int
    size_px: int
    photos: Path
    sprites: Path | None = None
    people: Path | None = None
    styles: Mapping[str, float] | None = None
    hold: tuple[str, ...] = ()
    split: Split = "train"
    lanes: int = 1
    effects: Effects = field(default_factory=Effects)
    layout: Layout = "crop"
    plates: bool = False
    pool: int = 48
    reuse: int = 20

    def __post_init__(self) -> None:
        self._photographs = Photographs(Path(self.photos), self.split)
        self._textures = Textures(self._photographs, self.size_px)
        drawers: dict[str, Style] = dict(STYLES)
        if self.sprites is not None:
            drawers["sprites"] = Sprites(Path(self.sprites), self.split)
        if self.people is not None:
            drawers["people"] = People(Path(self.people), self.split)
        weights = self.styles or {name: w for name, w in WEIGHTS.items() if name in drawers}
        if unknown := sorted({*weights, *self.hold} - set(drawers)):
            raise RequestError(
                "unknown-style",
                f"There is no style {', '.join(unknown)}.",
                f"Known: {', '.join(drawers)} (sprites and people need a folder).",
            )
        weights = {name: weight for name, weight in weights.items() if name not in self.hold}
        portraits = self.layout == "portrait" and "people" in weights
        meant = {"people": 1.0} if portraits else weights
        around = {name: weight for name, weight in weights.items() if name not in meant}
        self._meant = self._draw_from(drawers, meant, "object")
        self._around = self._draw_from(drawers, around, "furniture") if around else None

    def resized(self, size_px: int) -> SceneSource:
        """Return a source of scenes of another size that show the same drawings and photographs."""
        other = copy.copy(self)
        other.size_px = size_px
        other._textures = Textures(self._photographs, size_px)
        return other

    def _draw_from(
        self, drawers: Mapping[str, Style], weights: Mapping[str, float], purpose: Purpose
    ) -> Pool:
        only_people = set(weights) == {"people"}  # they are read and not drawn, which costs little
        return Pool(
            drawers=drawers,
            weights=weights,
            generator=lambda lane, number: self._rng(purpose, number, lane),
            canvas_px=max(SMALLEST_CANVAS_PX, 3 * self.size_px // 2),
            lanes=self.lanes,
            size=PEOPLE_AT_ONCE if only_people else self.pool,
            reuse=PEOPLE_REUSE if only_people else self.reuse,
        )

    def sample(self, index: int) -> Scene:
        """Make the scene number `index`, any number from 0.

        Composition is I = αF + (1 − α)B of the rounded layers, in sRGB or in linear light.
        """
        rng = self._rng("scene", index)
        self._photographs.advance(index // self.lanes)
        background, photo = self._textures.background(rng, ZOOMS[self.layout])
        if self._around is not None and rng.random() < FURNISHED:
            background = self._furnished(rng, index, self._around, background, photo)
        foreground, alpha, names = self._foreground(rng, index, background, photo)
        if self._around is not None and rng.random() < ALIKE:
            background = alike(rng, background, foreground, alpha)
        if self._around is not None and rng.random() < NOBODY:
            alpha, names = np.zeros_like(alpha), ()
        foreground, background = camera.grade(rng, foreground, background)
        apart = self._rng("plate", index)
        plate = None
        if self.plates:
            empty, background = plate_differences.between(apart, background, foreground, alpha)
            plate = plates.captured(apart, empty)
        alpha8 = camera.quantise(alpha)
        foreground8, background8 = camera.quantise(foreground), camera.quantise(background)
        linear = rng.random() < self.effects.linear_share
        image = composed(foreground8, alpha8, background8, LINEAR_LIGHT if linear else 1.0)
        return Scene(
            image=camera.expose(rng, image) if self.effects.camera else camera.quantise(image),
            trimap=trimaps.draw(rng, alpha8),
            alpha=alpha8,
            foreground=foreground8,
            background=background8,
            styles=names,
            plate=plate,
            segmentation=plates.segmentation(apart, alpha8) if self.plates else None,
        )

    def _rng(self, purpose: Purpose, number: int, lane: int = 0) -> Rng:
        split = ("train", "held").index(self.split)
        use = get_args(Purpose).index(purpose)
        return np.random.default_rng([self.seed, split, use, lane, number])

    def _foreground(
        self, rng: Rng, index: int, background: Field, photo: int
    ) -> tuple[Field, Field, tuple[str, ...]]:
        """Lay one to three objects over one another; returns colours, alpha and names."""
        name, colour, alpha = self._object(rng, index, background, photo)
        names = [name]
        more = (0.25, 0.06) if self.layout == "crop" else (0.15, 0.0)
        for _ in range(sum(rng.random() < chance for chance in more)):
            name, own, cover = self._object(rng, index, background, photo)
            together = layers.over(own, cover, colour, alpha)
            if together[1].mean() < FULLEST:  # a crop without background teaches nothing
                colour, alpha = together
                names.append(name)
        if self.layout == "crop" and rng.random() < GAPS:
            alpha = holes.cut(rng, alpha)
        if self.layout == "crop" and rng.random() < 0.08:
            alpha = 1 - alpha  # the object is what surrounds: a window, an arch, a gap in a coat
        return colour, np.clip(alpha, 0, 1), tuple(names)

    def _object(
        self, rng: Rng, index: int, background: Field, photo: int
    ) -> tuple[str, Field, Field]:
        """Return the name, colours and alpha of one placed object."""
        name, drawn = self._meant.choose(rng, index)
        view = self._visible(rng, drawn)
        cover = layers.densify(rng, view[..., 0], drawn.material)
        if drawn.blur_px:  # without detail: what is opaque nearby tells the colour of a soft rim
            colour = self._textures.gradient(rng)
        else:
            colour = layers.colours(
                rng, view, drawn.material, self._textures, behind=background, photo=photo
            )
        return name, *blur.optics(rng, *blur.soft(colour, cover, drawn.blur_px))

    def _visible(self, rng: Rng, drawn: Drawn) -> Field:
        """Place an object until its solid part, and what surrounds it, are in the crop.

        Crops that are soft nearly everywhere, or show nothing solid, come up, but not often.
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
        self, rng: Rng, index: int, around: Pool, background: Field, photo: int
    ) -> Field:
        """Put sharp things into the background, or a network learns that what is sharp is meant."""
        for _ in range(int(rng.integers(1, 5))):
            _, drawn = around.choose(rng, index)
            place = layers.whole if rng.random() < WHOLE else layers.near_edge
            view = layers.view(drawn, self.size_px, place(rng, drawn, self.size_px))
            colour = layers.colours(
                rng, view, drawn.material, self._textures, behind=background, photo=photo
            )
            background = colour_maps.mixed(background, colour, view[..., 0])
        return background


def alike(rng: Rng, background: Field, foreground: Field, alpha: Field) -> Field:
    """Move a background's mean colour towards the foreground's."""
    weight = alpha / max(float(alpha.sum()), 1.0)
    towards = np.einsum("hw,hwc->c", weight, foreground) - colour_maps.mean(background)
    return colour_maps.recoloured(
        background, colour_maps.scaled(1.0, towards * rng.uniform(0.3, 1.0))
    )


def composed(foreground: U8, alpha: U8, background: U8, light: float) -> Field:
    """Return αF + (1 − α)B, (H, W, 3) float32 [0, 1], computed in `light`-power space."""
    share = alpha * np.float32(1 / 255)
    front = foreground * np.float32(1 / 255)
    back = background * np.float32(1 / 255)
    if light == 1.0:
        return colour_maps.mixed(back, front, share)
    mixed = colour_maps.mixed(back ** np.float32(light), front ** np.float32(light), share)
    encoded: Field = np.maximum(mixed, 0) ** np.float32(1 / light)
    return encoded


def single_threaded() -> None:
    """Keep OpenCV to one thread: to be called in every worker process."""
    cv2.setNumThreads(1)
