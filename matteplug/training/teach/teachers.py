"""The networks that vote: each sees a photograph, its mirror image, and what it found enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug import plugins
from matteplug.engine import Engine, Session
from matteplug.errors import TrainingError
from matteplug.network import Guide, NetworkSpec
from matteplug.networks.added import read_spec

U8 = NDArray[np.uint8]
Mask = NDArray[np.float32]

LARGEST_PX = 512
"""Longest side that a network without a largest size sees."""
MARGIN = 0.15
"""How much of the found box's sides is added around it."""
TIGHT = 0.6
"""Fraction of the picture from which on the found box is not looked at again."""


class Teacher:
    """A guide-free network that gives a soft mask.

    Args:
        session: the network, ready to run.
    """

    def __init__(self, session: Session) -> None:
        self.name = session.spec.id
        self._session = session

    def views(self, image: U8) -> list[Mask]:
        """Return the masks of the photograph, of its mirror image, and of the found box if any.

        Args:
            image: (H, W, 3) uint8 RGB.

        Returns:
            Two or three (H, W) float32 [0, 1]; the third is the first's outside the box.
        """
        plain = self.mask(image)
        mirrored = self.mask(image[:, ::-1])[:, ::-1]
        views = [plain, np.ascontiguousarray(mirrored)]
        box = found_box(np.float32(0.5) * (plain + mirrored))
        if box is not None:
            closer = plain.copy()
            closer[box] = self.mask(image[box])
            views.append(closer)
        return views

    def mask(self, image: U8) -> Mask:
        """Return the soft mask (H, W) of an image (H, W, 3)."""
        height, width = image.shape[:2]
        rule = self._session.spec.size
        small = image
        if rule.maximum_px is None:
            scale = min(1.0, LARGEST_PX / max(height, width)) / rule.multiple
            seen = tuple(rule.multiple * max(1, round(side * scale)) for side in (width, height))
            small = np.asarray(cv2.resize(image, seen, interpolation=cv2.INTER_AREA), np.uint8)
        tensor = small.transpose(2, 0, 1)[None].astype(np.float32) / 255
        found = self._session.run({"image": np.ascontiguousarray(tensor)})["alpha"][0, 0]
        enlarged = cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.clip(np.asarray(enlarged, np.float32), 0, 1)


def found_box(mask: Mask) -> tuple[slice, slice] | None:
    """Return the box around what a mask found, with a margin; None if it is empty or not tight."""
    left, top, width, height = cv2.boundingRect((mask > 0.5).astype(np.uint8))
    if width == 0 or width * height > TIGHT * mask.size:
        return None
    across, down = round(MARGIN * width), round(MARGIN * height)
    return (
        slice(max(0, top - down), min(mask.shape[0], top + height + down)),
        slice(max(0, left - across), min(mask.shape[1], left + width + across)),
    )


def teachers(names: Sequence[str], engine: Engine) -> list[Teacher]:
    """Return the teachers that are named.

    Args:
        names: ids of installed networks, or ONNX files with a spec of the same name beside them
            (NAME.json, as `matteplug networks add` takes it).
        engine: who runs them.

    Raises:
        TrainingError: none is named, or a network needs a guide.
        NetworkError: an unknown id, or a file or its spec is missing or damaged.
    """
    if not names:
        raise TrainingError(
            "no-teachers",
            "No teacher was named.",
            "Name networks that vote: --teacher ID or --teacher FILE.onnx; repeatable.",
        )
    return [Teacher(engine.session(_spec(name), "cpu")) for name in names]


def _spec(name: str) -> NetworkSpec:
    if not name.endswith(".onnx"):
        spec = plugins.registry().network(name)
    else:
        path = Path(name).absolute()
        spec = replace(read_spec(path.with_suffix(".json")), weights=str(path))
    if spec.guide is not Guide.NONE:
        raise TrainingError(
            "teacher-guide",
            f"{spec.id} needs a {spec.guide.value} and cannot teach what a subject is.",
            "Name networks that need no guide.",
        )
    return spec
