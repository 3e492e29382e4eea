"""Real pictures with a captured plate and without truth, for adversarial training.

A folder has ``image`` and ``plate``, and perhaps ``segmentation``, with files of the same names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from matteplug.errors import TrainingError
from matteplug.training.data.datasets.pixels import Pictures, window
from matteplug.training.scenes import Scene
from matteplug.training.scenes.photographs import SUFFIXES


@dataclass
class Captures:
    """Crops of pictures and their plates, as scenes whose alpha is not known (and zero).

    Args:
        folder: see the module.
        seed: names the crops.

    Raises:
        TrainingError: a folder or a plate is missing (named).
    """

    folder: Path
    seed: int
    _pictures: Pictures = field(default_factory=Pictures, repr=False)

    def __post_init__(self) -> None:
        images = _by_name(self.folder / "image")
        plates = _by_name(self.folder / "plate")
        alone = sorted(images.keys() ^ plates.keys())
        if not images or alone:
            what = (
                f"{len(alone)} without partner: {', '.join(alone[:5])}" if alone else "no pictures"
            )
            raise TrainingError(
                "captures-files",
                f"{self.folder} has {what}.",
                "Put pictures in image/ and their plates in plate/, with the same names.",
            )
        masks = _by_name(self.folder / "segmentation")
        self._sets = [(images[name], plates[name], masks.get(name)) for name in sorted(images)]

    def scene(self, number: int, size_px: int) -> Scene:
        """Return scene `number` as a crop of `size_px`²; everything in it is unknown.

        Raises:
            TrainingError: a file cannot be decoded, or a picture and its plate differ in size.
        """
        rng = np.random.default_rng([self.seed, number, size_px])
        image_path, plate_path, mask_path = self._sets[int(rng.integers(len(self._sets)))]
        image = self._pictures.read(image_path, cv2.IMREAD_COLOR)
        plate = self._pictures.read(plate_path, cv2.IMREAD_COLOR)
        mask = self._pictures.read(mask_path, cv2.IMREAD_GRAYSCALE) if mask_path else None
        if {p.shape[:2] for p in (image, plate, mask) if p is not None} != {image.shape[:2]}:
            raise TrainingError(
                "captures-size",
                f"{image_path.name} and its plate or segmentation differ in size.",
                "Scale them to the same size.",
            )
        around = mask if mask is not None else np.zeros(image.shape[:2], np.uint8)
        view = window(rng, around, size_px * float(np.exp(rng.uniform(0, 1))), size_px)
        picture, behind = view.cut(image), view.cut(plate)
        unknown = np.full((size_px, size_px), 128, np.uint8)
        return Scene(
            image=picture,
            trimap=unknown,
            alpha=np.zeros_like(unknown),
            foreground=picture,
            background=behind,
            styles=("captures",),
            plate=behind,
            segmentation=None if mask is None else view.cut(mask),
        )


def _by_name(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES}
