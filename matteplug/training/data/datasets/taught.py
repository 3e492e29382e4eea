"""Photographs with taught masks, as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from matteplug.training.data.datasets.pixels import Pictures, Window, around
from matteplug.training.scenes import Scene, camera, colour_maps, trimaps
from matteplug.training.scenes.drawn.cutout import U8
from matteplug.training.scenes.noise import Field, Rng, fractal
from matteplug.training.scenes.photographs import Split
from matteplug.training.scenes.taught import files_of

EMPTY_PROBABILITY = 0.18
"""Of a part in which nothing was found."""
CUT_PROBABILITY = 0.2
"""Of a view that cuts the subject, down to `SMALLEST_CUT` of it."""
SMALLEST_CUT = 0.6
STRETCH = 0.15
"""Standard deviation of the logarithm of the views' aspect ratio."""
SQUEEZE_PROBABILITY = 0.25
"""Of a picture that is squeezed into a square, so that no view needs to cut it."""
LIGHT_PROBABILITY, UNLIKE_PROBABILITY, SOFT_PROBABILITY = 0.3, 0.2, 0.1
"""Of uneven light, of a subject lit unlike what is behind it, and of a picture out of focus."""
SOFTEST_PX = 1.8


@dataclass
class TaughtPhotographs:
    """Views of taught photographs, in other light, blurred, cropped and mirrored.

    Where the teachers disagree the scene's alpha is not known.

    Args:
        folder: of the taught subjects.
        split: which of them.
        seed: names the views.

    Raises:
        RequestError: there are none.
    """

    folder: Path
    split: Split
    seed: int
    _pictures: Pictures = field(default_factory=Pictures, repr=False)

    def __post_init__(self) -> None:
        self._images = files_of(self.folder, "image", self.split)
        self._empty = files_of(self.folder, "background", self.split)

    def scene(self, number: int, size_px: int) -> Scene:
        """Return scene `number`, the same on every call."""
        rng = np.random.default_rng([self.seed, number, size_px])
        if rng.random() < EMPTY_PROBABILITY:
            path = self._empty[int(rng.integers(len(self._empty)))]
            image = self._pictures.read(path, cv2.IMREAD_COLOR)
            alpha: U8 = np.zeros(image.shape[:2], np.uint8)
            known = np.full_like(alpha, 255)
        else:
            path = self._images[int(rng.integers(len(self._images)))]
            image = self._pictures.read(path, cv2.IMREAD_COLOR)
            alpha, known = (
                self._pictures.read(self.folder / part / f"{path.stem}.png", cv2.IMREAD_GRAYSCALE)
                for part in ("alpha", "known")
            )
        stretch = float(np.exp(rng.normal(0, STRETCH)))
        if rng.random() < SQUEEZE_PROBABILITY:
            stretch = image.shape[0] / image.shape[1]
        size = round(image.shape[1] * stretch), image.shape[0]
        image, alpha, known = (cv2.resize(p, size) for p in (image, alpha, known))
        view = _view(rng, alpha, size_px)
        seen = view.cut(alpha)
        cut = view.cut(image).astype(np.float32) * np.float32(1 / 255)
        graded = camera.grade(rng, _relit(rng, cut, seen))[0]
        picture = camera.expose(rng, graded)
        return Scene(
            image=picture,
            trimap=trimaps.draw(rng, seen),
            alpha=seen,
            foreground=picture,
            background=picture,
            styles=("taught",) if seen.any() else (),
            known=np.where(view.cut(known) > 254, 255, 0).astype(np.uint8),
        )


def _view(rng: Rng, alpha: U8, size_px: int) -> Window:
    """Choose a view of the whole subject, or one that cuts it."""
    view = around(rng, alpha, size_px)
    if not alpha.any() or rng.random() > CUT_PROBABILITY:
        return view
    edge = max(16, int(view.edge * rng.uniform(SMALLEST_CUT, 1)))
    top, left = (int(rng.integers(view.edge - edge + 1)) for _ in range(2))
    return Window(view.top + top, view.left + left, edge, size_px, view.mirrored)


def _relit(rng: Rng, picture: Field, alpha: U8) -> Field:
    """Return a picture (H, W, 3) float32 [0, 1] in other light, perhaps out of focus."""
    light = np.ones(picture.shape[:2], np.float32)
    if rng.random() < LIGHT_PROBABILITY:
        light *= 1 + np.float32(rng.uniform(0.3, 1.0)) * (fractal(rng, len(light), (1, 3)) - 0.5)
    if rng.random() < UNLIKE_PROBABILITY:
        light *= 1 + np.float32(rng.uniform(-0.4, 0.3)) * alpha * np.float32(1 / 255)
    lit: Field = np.clip(picture * colour_maps.spread(light), 0, 1)
    if rng.random() < SOFT_PROBABILITY:
        lit = np.asarray(cv2.GaussianBlur(lit, (0, 0), rng.uniform(0.6, SOFTEST_PX)))
    return lit
