"""The endless stream of scenes: which objects, over what, seen by which camera.

Every scene is determined by (seed, index).  Drawing an object costs ten times as much as the rest
of a scene, so that each is used in several: scene `index` chooses among the `pool` objects that are
current, and every `reuse` scenes the oldest object gives way to a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from matteplug.errors import RequestError
from matteplug.training.scenes import blur, camera, layers, planes, trimaps
from matteplug.training.scenes.cutout import U8
from matteplug.training.scenes.layers import Drawn
from matteplug.training.scenes.noise import Field, Rng
from matteplug.training.scenes.photographs import Photographs, Split
from matteplug.training.scenes.sprites import Sprites
from matteplug.training.scenes.styles import STYLES, WEIGHTS, Style
from matteplug.training.scenes.textures import Textures

SMALLEST_CANVAS_PX = 640
LINEAR_LIGHT = 2.2
ATTEMPTS = 6


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
    """

    image: U8
    trimap: U8
    alpha: U8
    foreground: U8
    background: U8
    styles: tuple[str, ...] = ()


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
        size_px: edge of the square scenes.
        photos: folder of photographs for backgrounds and textures.
        sprites: folder of cut-outs with alpha, or None.
        people: folder of rendered people with alpha, or None.
        styles: how often each style is drawn, by name; None for `WEIGHTS`.
        split: "train" or "held": which photographs, and which numbers.
        lanes: scenes whose index is equal modulo `lanes` share objects; give the number of workers
            where worker w makes the scenes w, w + lanes, w + 2·lanes, …
        effects: what the camera adds.
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
    split: Split = "train"
    lanes: int = 1
    effects: Effects = field(default_factory=Effects)
    pool: int = 48
    reuse: int = 16

    def __post_init__(self) -> None:
        self._photographs = Photographs(Path(self.photos), self.split)
        self._textures = Textures(self._photographs, self.size_px)
        self._drawers: dict[str, Style] = dict(STYLES)
        if self.sprites is not None:
            self._drawers["sprites"] = Sprites(Path(self.sprites))
        if self.people is not None:
            self._drawers["people"] = Sprites(Path(self.people))
        weights = self.styles or {name: w for name, w in WEIGHTS.items() if name in self._drawers}
        unknown = sorted(set(weights) - set(self._drawers))
        if unknown:
            raise RequestError(
                "unknown-style",
                f"There is no style {', '.join(unknown)}.",
                f"Known: {', '.join(self._drawers)} (sprites and people need a folder).",
            )
        self._names = list(weights)
        self._chances = np.array([weights[name] for name in self._names]) / sum(weights.values())
        self._canvas_px = max(SMALLEST_CANVAS_PX, 3 * self.size_px // 2)
        self._drawn: dict[tuple[int, int], tuple[str, Drawn]] = {}

    def sample(self, index: int) -> Scene:
        """Make the scene number `index`, any number from 0.

        Composition is I = αF + (1 − α)B of the rounded layers, in sRGB or in linear light.
        """
        rng = self._rng(0, index)
        background, behind = self._textures.background(rng)
        foreground, alpha, names = self._foreground(rng, index, background, behind)
        foreground, background = camera.grade(rng, foreground, background)
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
        )

    def _rng(self, purpose: int, number: int, lane: int = 0) -> Rng:
        split = 0 if self.split == "train" else 1
        return np.random.default_rng([self.seed, split, purpose, lane, number])

    def _foreground(
        self, rng: Rng, index: int, background: Field, behind: int
    ) -> tuple[Field, Field, tuple[str, ...]]:
        """Lay one to three objects over one another; returns colours, alpha and names."""
        colour = alpha = None
        names: list[str] = []
        for _ in range(1 + int(rng.random() < 0.25) + int(rng.random() < 0.06)):
            name, drawn = self._choose(rng, index)
            view, cover = self._visible(rng, drawn)
            own = layers.colours(
                rng, view, drawn.material, self._textures, behind=background, photo=behind
            )
            own, cover = blur.optics(rng, own, cover)
            if colour is None or alpha is None:
                colour, alpha = own, cover
            else:
                colour, alpha = layers.over(own, cover, colour, alpha)
            names.append(name)
        assert colour is not None  # the loop runs at least once
        assert alpha is not None
        if (
            rng.random() < 0.08
        ):  # the object is what surrounds: a window, an arch, a coat with a gap
            alpha = 1 - alpha
        return colour, np.clip(alpha, 0, 1), tuple(names)

    def _visible(self, rng: Rng, drawn: Drawn) -> tuple[Field, Field]:
        """Place an object until its solid part, and what surrounds it, are in the crop.

        Crops that are soft nearly everywhere, or show nothing solid, come up, but not often.
        """
        softest = rng.uniform(0.15, 0.6)
        core = 0.08 if rng.random() < 0.9 else 0.01
        for _ in range(ATTEMPTS):
            view = layers.place(rng, drawn, self.size_px)
            sparse = view[::4, ::4, 0]
            soft, solid = (sparse > 0.03) & (sparse < 0.97), sparse >= 0.97
            if float(sparse.mean()) < 0.95 and soft.mean() < softest and solid.mean() > core:
                break
        return view, layers.densify(rng, view[..., 0], drawn.material)

    def _choose(self, rng: Rng, index: int) -> tuple[str, Drawn]:
        """Take one of the objects that are current at `index`; draws it if it is new."""
        lane, turn = index % self.lanes, index // self.lanes
        oldest = turn // self.reuse
        number = oldest + int(rng.integers(self.pool))
        key = (lane, number)
        if key not in self._drawn:
            for old in [
                k for k in self._drawn if k[0] != lane or not 0 <= k[1] - oldest < self.pool
            ]:
                del self._drawn[old]
            self._drawn[key] = self._draw(lane, number)
        return self._drawn[key]

    def _draw(self, lane: int, number: int) -> tuple[str, Drawn]:
        rng = self._rng(1, number, lane)
        name = self._names[int(rng.choice(len(self._names), p=self._chances))]
        for _ in range(ATTEMPTS):
            cutout = self._drawers[name](rng, self._canvas_px)
            if float(cutout.alpha.mean()) > 0.02 * 255:
                break
        return name, Drawn.of(cutout)


def composed(foreground: U8, alpha: U8, background: U8, light: float) -> Field:
    """Return αF + (1 − α)B, (H, W, 3) float32 [0, 1], computed in `light`-power space."""
    share = alpha * np.float32(1 / 255)
    front = foreground * np.float32(1 / 255)
    back = background * np.float32(1 / 255)
    if light == 1.0:
        return planes.mixed(back, front, share)
    mixed = planes.mixed(back ** np.float32(light), front ** np.float32(light), share)
    encoded: Field = np.maximum(mixed, 0) ** np.float32(1 / light)
    return encoded


def single_threaded() -> None:
    """Keep OpenCV to one thread: to be called in every worker process."""
    cv2.setNumThreads(1)
