"""The camera's position: framings from the face to the whole body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.scenes.noise import Rng

Array = NDArray[Any]
FRAMINGS = {"face": 0.08, "head": 0.25, "bust": 0.29, "half": 0.19, "knees": 0.08, "full": 0.11}
"""How much of the first person is seen, with probabilities."""
SENSOR_MM = 36.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Camera:
    """A camera for square pictures.

    Attributes:
        axes: (3, 3), rows are right, down, forward.
        eye: (3,) metres.
        focal_px: focal length.
        centre_px: the point where the forward axis meets the picture.
        size_px: edge of the picture.
        lens_mm: focal length for a sensor 36 mm wide.
    """

    axes: Array
    eye: Array
    focal_px: float
    centre_px: tuple[float, float]
    size_px: int
    lens_mm: float = 50.0

    @property
    def offset(self) -> Array:
        """(3,): the translation added to `axes @ point` to get camera coordinates."""
        offset: Array = -self.axes @ self.eye
        return offset

    def seen(self, point: Array) -> tuple[float, float, float]:
        """Return the projection of a point (3,): x and y in pixels, and its depth in metres."""
        x, y, depth = self.axes @ (point - self.eye)
        scale = self.focal_px / depth
        return x * scale + self.centre_px[0], y * scale + self.centre_px[1], depth


@dataclass(frozen=True, kw_only=True, eq=False)
class Landmarks:
    """A person's position, metres: points (3,) and heights; `scale` is 1 for a mean head."""

    head: Array
    neck: Array
    chest: Array
    waist: Array
    hips: Array
    floor_m: float
    scale: float


def look_at(
    eye: Array,
    target: Array,
    *,
    lens_mm: float,
    size_px: int,
    roll_rad: float = 0.0,
    centre: tuple[float, float] = (0.5, 0.5),
) -> Camera:
    """Return a camera at `eye` that sees `target` at `centre`, fractions of the picture's edge."""
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    cos, sin = np.cos(roll_rad), np.sin(roll_rad)
    axes = np.stack([right * cos + down * sin, down * cos - right * sin, forward])
    return Camera(
        axes=axes, eye=np.asarray(eye, np.float64), focal_px=size_px * lens_mm / SENSOR_MM,
        centre_px=(size_px * centre[0], size_px * centre[1]), size_px=size_px, lens_mm=lens_mm,
    )  # fmt: skip


def draw_camera(rng: Rng, marks: Landmarks, framing: str, size_px: int) -> Camera:
    """Draw a camera that frames this person: mostly from the front, at about eye level."""
    scale, head = marks.scale, marks.head[2]
    top = head + 0.19 * scale
    bottom = {
        "face": head - 0.2 * scale,
        "head": head - 0.36 * scale,
        "bust": (marks.chest[2] + marks.neck[2]) / 2 + rng.uniform(-0.1, 0.1),
        "half": marks.waist[2],
        "knees": (marks.hips[2] + marks.floor_m) / 2,
        "full": marks.floor_m - 0.05,
    }[framing]
    loose = rng.uniform(1.08, 1.5) if framing == "full" else rng.uniform(1.0, 1.25)
    height = (top - bottom) * loose
    middle = bottom + height / 2 + rng.uniform(0, 0.03) * height
    if framing == "full":
        middle = (top + bottom) / 2 + rng.normal(0, 0.02) * height
    near = framing in ("face", "head", "bust")
    above = marks.head if near else (marks.head + marks.chest) / 2
    target = np.array([above[0], above[1], middle])
    lens_mm = rng.uniform(30, 100)
    azimuth = rng.normal(0, 28) if rng.random() < 0.88 else rng.uniform(-180, 180)
    a, e = np.radians(azimuth), np.radians(rng.normal(3, 9))
    towards = np.array([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)])
    return look_at(
        target + towards * height * lens_mm / SENSOR_MM,
        target,
        lens_mm=lens_mm,
        size_px=size_px,
        roll_rad=np.radians(rng.normal(0, 3)),
        centre=(0.5 + rng.normal(0, 0.09), 0.5),
    )
