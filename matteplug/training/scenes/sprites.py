"""Cut-outs with alpha (leaves, smoke, rendered people) from the user's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.training.scenes import camera
from matteplug.training.scenes.colour_bleed import extended
from matteplug.training.scenes.drawn.cutout import NEUTRAL, U8, Cutout
from matteplug.training.scenes.noise import Field, Rng
from matteplug.training.scenes.photographs import Split, pictures_of


class Sprites:
    """A folder of pictures with an alpha channel.

    Args:
        folder: searched with its subfolders, each of which is chosen equally often.
        split: which part to use; the two never have a picture in common.

    Raises:
        RequestError: no pictures there, or none in this split.
    """

    tilt_deg = 180.0
    """How far a cut-out may be turned either way."""
    scales = (0.6, 1.3)
    """Least and largest size of a cut-out's longer side, of the square's."""
    colourless = 12
    """Cut-outs whose channels differ by less (of 255) on average are tinted with a texture."""

    def __init__(self, folder: Path, split: Split) -> None:
        paths = pictures_of(folder, "cut-outs", split)
        parents = sorted({path.parent for path in paths})
        self._groups = [[path for path in paths if path.parent == parent] for parent in parents]

    def __call__(self, rng: Rng, size_px: int) -> Cutout:
        """Return a cut-out, turned into the square at a random size.

        Raises:
            RequestError: the file is damaged or has no alpha channel.
        """
        group = self._groups[int(rng.integers(len(self._groups)))]
        path = group[int(rng.integers(len(group)))]
        pixels: U8 | None = cv2.imdecode(
            np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED
        )
        if pixels is None or pixels.ndim != 3 or pixels.shape[2] != 4:
            raise RequestError(
                "no-alpha", f"{path} has no alpha channel.", "Keep only cut-outs in this folder."
            )
        if pixels.dtype == np.uint16:
            pixels = (pixels >> 8).astype(np.uint8)
        height, width = pixels.shape[:2]
        scale = size_px / max(height, width) * rng.uniform(*self.scales)
        cover = pixels[..., 3]
        cover = cv2.merge([cover, cover, cover, np.full_like(cover, 255)])
        premultiplied: Field = cv2.multiply(pixels, cover, scale=1 / 255**2, dtype=cv2.CV_32F)
        turn: NDArray[Any] = cv2.getRotationMatrix2D(
            (width / 2, height / 2), rng.uniform(-self.tilt_deg, self.tilt_deg), scale
        )
        turn[:, 2] += size_px / 2 - np.array([width, height]) / 2
        if scale < 0.7:  # halve before warping, lest it alias
            premultiplied = cv2.resize(
                premultiplied, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
            )
            turn[:, :2] *= 2
        placed = cv2.warpAffine(premultiplied, turn, (size_px, size_px), flags=cv2.INTER_LINEAR)
        alpha = camera.quantise(placed[..., 3])
        coloured = self._coloured(placed)
        neutral = np.full((size_px, size_px), NEUTRAL, np.uint8)
        return Cutout(
            alpha=alpha,
            shade=neutral,
            tone=np.zeros_like(neutral),
            material="solid" if coloured else "smoke",
            colour=camera.quantise(extended(placed)[..., ::-1]) if coloured else None,
        )

    def _coloured(self, placed: Field) -> bool:
        """Return whether a premultiplied cut-out keeps its colours, by every fourth pixel."""
        if not self.colourless:
            return True
        sample = placed[::4, ::4]
        solid = sample[sample[..., 3] > 0.5]
        ranges = np.ptp(solid[:, :3], axis=1) / solid[:, 3]
        return len(solid) > 0 and float(ranges.mean()) * 255 >= self.colourless
