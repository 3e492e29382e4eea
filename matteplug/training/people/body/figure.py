"""A posed body and the frame of its head, which clothes, hair and belongings attach to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.body.parts import Parts
from matteplug.training.people.body.poses import Pose
from matteplug.training.people.cameras import Landmarks
from matteplug.training.people.meshes import normals

Array = NDArray[Any]
HEAD_M = 0.43
"""Diagonal of a mean head's bounding box."""


class Surface:
    """Points and normals that hair and straps are pushed out of."""

    def __init__(self, points: Array, outward: Array) -> None:
        from scipy.spatial import cKDTree

        self._tree = cKDTree(points)
        self._points, self._outward = points, outward

    def push(self, points: Array, margin_m: float, reach_m: float = 0.06) -> Array:
        """Return points (N, 3), those near the surface moved to at least `margin_m` outside."""
        distance, nearest = self._tree.query(points)
        outward = self._outward[nearest]
        height = ((points - self._points[nearest]) * outward).sum(axis=1)
        short = np.where(distance < reach_m, np.maximum(margin_m - height, 0), 0)
        pushed: Array = points + outward * short[:, None]
        return pushed

    def lay(self, points: Array, margin_m: float) -> Array:
        """Return points on top of all layers of clothes, `margin_m` above the outermost."""
        for _ in range(4):  # a point moved out of one layer may be inside the next
            points = self.push(points, margin_m, reach_m=0.12)
        return points


@dataclass(eq=False)
class Figure:
    """A posed body.

    Attributes:
        parts: where it comes from.
        rest: (V, 3) decimetres, y up, in rest pose.
        pose: its pose.
        vertices: (V, 3) metres in that pose.
    """

    parts: Parts
    rest: Array
    pose: Pose
    vertices: Array

    @staticmethod
    def posed(parts: Parts, rest: Array, pose: Pose) -> Figure:
        """Return the body in a pose."""
        return Figure(parts, rest, pose, pose.applied(rest, parts.weights))

    @cached_property
    def normals(self) -> Array:
        """(V, 3) of the body's own faces."""
        return normals(self.vertices, self.parts.group("body"))

    @cached_property
    def centre(self) -> Array:
        """(3,): the midpoint between the ears."""
        middle: Array = self.vertices[self.parts.ears > 0.2].mean(axis=0)
        return middle

    @cached_property
    def axes(self) -> Array:
        """(3, 3), columns are the head's left, back and up."""
        return self.pose.turn("head")

    @cached_property
    def scale(self) -> float:
        """The head's size; 1 is the mean."""
        head = self.vertices[self.parts.head_weight > 0.9]
        return float(np.linalg.norm(head.max(axis=0) - head.min(axis=0)) / HEAD_M)

    def in_head(self, points: Array) -> Array:
        """Return points (…, 3) in the head's frame, in mean heads' metres."""
        inside: Array = (points - self.centre) @ self.axes / self.scale
        return inside

    def from_head(self, points: Array) -> Array:
        """Return points (…, 3) of the head's frame in the scene's."""
        outside: Array = points * self.scale @ self.axes.T + self.centre
        return outside

    def eyes(self) -> tuple[Array, Array]:
        """Return the middles of the left and the right eye."""
        left, right = (
            self.vertices[np.unique(self.parts.group(f"helper-{side}-eye"))].mean(axis=0)
            for side in "lr"
        )
        return left, right

    def landmarks(self) -> Landmarks:
        """Return the landmarks that a camera needs."""
        seen = np.unique(self.parts.group("body"))
        return Landmarks(
            head=self.centre + np.array([0, 0, 0.03 * self.scale]),
            neck=self.pose.joint("neck01"),
            chest=self.pose.joint("spine03"),
            waist=self.pose.joint("spine05"),
            hips=self.pose.joint("upperleg01.L"),
            floor_m=float(self.vertices[seen, 2].min()),
            scale=self.scale,
        )


def bearings(points: Array) -> tuple[Array, Array]:
    """Return azimuth from the face, [0, 180], and elevation of points in the head's frame."""
    x, y, z = (points / np.maximum(np.linalg.norm(points, axis=-1, keepdims=True), 1e-9)).T
    azimuth: Array = np.degrees(np.arctan2(np.abs(x), -y))
    elevation: Array = np.degrees(np.arcsin(np.clip(z, -1, 1)))
    return azimuth, elevation
