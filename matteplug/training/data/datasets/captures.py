"""Real pictures with a captured plate and no true alpha, for adversarial training.

The folder has subfolders ``image``, ``plate`` and optionally ``segmentation``, with files of the
same names.
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
    """Crops of pictures and their plates, as scenes whose alpha is unknown (and set to 0).

    Args:
        folder: see the module.
        seed: determines the crops.

    Raises:
        TrainingError: a folder or a plate is missing (named).
    """

    folder: Path
    seed: int
    _pictures: Pictures = field(default_factory=Pictures, repr=False)

    def __post_init__(self) -> None:
        images = _by_name(self.folder / "image")
        plates = _by_name(self.folder / "plate")
        unpaired = sorted(images.keys() ^ plates.keys())
        if not images or unpaired:
            what = (
                f"pictures or plates without a partner ({len(unpaired)}): {', '.join(unpaired[:5])}"
                if unpaired
                else "no pictures"
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
        subject = mask if mask is not None else np.zeros(image.shape[:2], np.uint8)
        view = window(rng, subject, size_px * float(np.exp(rng.uniform(0, 1))), size_px)
        image_crop, plate_crop = view.cut(image), view.cut(plate)
        unknown = np.full((size_px, size_px), 128, np.uint8)
        return Scene(
            image=image_crop,
            trimap=unknown,
            alpha=np.zeros_like(unknown),
            foreground=image_crop,
            background=plate_crop,
            styles=("captures",),
            plate=plate_crop,
            segmentation=None if mask is None else view.cut(mask),
        )


def _by_name(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES}
