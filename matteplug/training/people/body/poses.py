"""Poses: rotations of the rig's bones, and the skin that follows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.body.parts import Parts
from matteplug.training.scenes.noise import Rng

Array = NDArray[Any]
X, Y, Z = np.eye(3)
_CAPTURED = ("standing", "sit", "run", "gym", "fight")


class Pose:
    """A body in a pose.

    Attributes:
        transforms: (B, 3, 4) from rest to pose, metres.
        joints: (B, 3), the start of each bone.
    """

    def __init__(self, parts: Parts, body: Array, turns: dict[str, Array]) -> None:
        rest = metres(body)
        heads = np.stack([rest[corner].mean(axis=0) for corner in parts.heads])
        count = len(parts.bones)
        self.transforms: Array = np.zeros((count, 3, 4))
        self.joints: Array = np.zeros((count, 3))
        self._bone = parts.bone
        done: set[int] = set()

        def place(bone: int) -> None:
            if bone in done:
                return
            done.add(bone)
            parent = parts.parents[bone]
            turn = turns.get(parts.bones[bone], np.eye(3))
            position = heads[bone]
            if parent >= 0:
                place(parent)
                above = self.transforms[parent]
                turn, position = above[:, :3] @ turn, above[:, :3] @ position + above[:, 3]
            self.transforms[bone, :, :3] = turn
            self.transforms[bone, :, 3] = position - turn @ heads[bone]
            self.joints[bone] = position

        for bone in range(count):
            place(bone)

    def joint(self, name: str) -> Array:
        """Return the start of a bone, (3,) metres."""
        at: Array = self.joints[self._bone[name]]
        return at

    def turn(self, name: str) -> Array:
        """Return a bone's rotation from rest (3, 3)."""
        turned: Array = self.transforms[self._bone[name], :, :3]
        return turned

    def applied(self, vertices: Array, weights: Array) -> Array:
        """Return rest vertices (V, 3) in decimetres, moved by weights (V, B); metres, z up."""
        rest = metres(vertices)
        moved = (weights @ self.transforms.reshape(len(self.transforms), 12)).reshape(-1, 3, 4)
        skinned: Array = np.einsum("nij,nj->ni", moved[:, :, :3], rest) + moved[:, :, 3]
        return skinned


def metres(vertices: Array) -> Array:
    """Return (V, 3) decimetres, y up, as metres with z up and the front towards -y."""
    return np.stack([vertices[:, 0], -vertices[:, 2], vertices[:, 1]], axis=1) * 0.1


def rotation(axis: Array, degrees: float) -> Array:
    """Return the matrix (3, 3) of a rotation about a unit axis."""
    angle = np.radians(degrees)
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn: Array = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return turn


def draw_pose(parts: Parts, rng: Rng, body: Array, *, whole: bool) -> Pose:
    """Draw a pose; poses captured from whole bodies are used only if `whole`."""
    turns = _captured(parts, rng) if whole and rng.random() < 0.4 else _standing(rng)
    for bone in ("spine05", "spine04", "spine03", "spine02"):
        bend = rotation(Z, rng.normal(0, 3)) @ rotation(X, rng.normal(0, 3))
        turns[bone] = bend @ rotation(Y, rng.normal(0, 2.5)) @ turns.get(bone, np.eye(3))
    turned, nodded, tilted = rng.normal(0, 16), rng.normal(0, 7), rng.normal(0, 7)
    for bone in ("neck01", "neck02", "neck03", "head"):
        look = rotation(Z, turned * 0.3) @ rotation(X, nodded / 4) @ rotation(Y, tilted / 4)
        turns[bone] = look @ turns.get(bone, np.eye(3))
    return Pose(parts, body, turns)


def _captured(parts: Parts, rng: Rng) -> dict[str, Array]:
    kinds = _CAPTURED[:3] if rng.random() < 0.85 else _CAPTURED[3:]
    names = sorted(name for name in parts.poses if name.startswith(kinds))
    axes = {"X": X, "Y": Y, "Z": Z}
    turns: dict[str, Array] = {}
    for bone, channels in parts.poses[names[int(rng.integers(len(names)))]].items():
        turn = np.eye(3)
        for axis, degrees in channels:
            turn = turn @ rotation(axes[axis], degrees)
        turns[bone] = turn
    turns["root"] = np.eye(3)
    return turns


def _standing(rng: Rng) -> dict[str, Array]:
    """Draw a standing pose: arms hang, bend, rest on the hip, rise, cross or touch the chin."""
    arms: list[Callable[[Rng, int], tuple[Array, Array]]] = [
        _hangs, _hangs, _hangs, _hangs, _bent, _bent, _on_hip, _on_hip, _raised, _crossed, _crossed,
        _at_chin, _spread,
    ]  # fmt: skip
    turns: dict[str, Array] = {}
    for side, sign in (("L", 1), ("R", -1)):
        upper, lower = arms[int(rng.integers(len(arms)))](rng, sign)
        turns[f"shoulder01.{side}"] = rotation(Y, sign * rng.uniform(0, 6))
        turns[f"upperarm01.{side}"], turns[f"lowerarm01.{side}"] = upper, lower
        for finger in range(2, 6):
            curl = rng.uniform(0, 30)
            for joint in (1, 2, 3):
                turns[f"finger{finger}-{joint}.{side}"] = rotation(Y, sign * curl)
        thigh = rotation(X, rng.normal(0, 10)) @ rotation(Y, sign * rng.uniform(-6, 4))
        turns[f"upperleg01.{side}"] = thigh
        turns[f"lowerleg01.{side}"] = rotation(X, rng.uniform(0, 15))
    return turns


def _hangs(rng: Rng, s: int) -> tuple[Array, Array]:
    upper = rotation(X, rng.normal(0, 8)) @ rotation(Y, s * rng.uniform(30, 46))
    return upper, rotation(X, -rng.uniform(0, 30))


def _bent(rng: Rng, s: int) -> tuple[Array, Array]:
    upper = rotation(X, -rng.uniform(0, 25)) @ rotation(Y, s * rng.uniform(28, 46))
    return upper, rotation(X, -rng.uniform(50, 110)) @ rotation(Z, s * rng.uniform(0, 30))


def _on_hip(rng: Rng, s: int) -> tuple[Array, Array]:
    upper = rotation(X, 20) @ rotation(Y, s * rng.uniform(0, 20))
    return upper, rotation(Y, s * rng.uniform(70, 100))


def _raised(rng: Rng, s: int) -> tuple[Array, Array]:
    upper = rotation(Y, -s * rng.uniform(-10, 90)) @ rotation(X, -rng.uniform(0, 40))
    return upper, rotation(X, -rng.uniform(10, 110)) @ rotation(Y, -s * rng.uniform(0, 60))


def _crossed(rng: Rng, s: int) -> tuple[Array, Array]:
    upper = rotation(X, -rng.uniform(20, 45)) @ rotation(Y, s * rng.uniform(30, 42))
    return upper, rotation(Z, -s * rng.uniform(50, 80)) @ rotation(X, -rng.uniform(70, 95))


def _at_chin(rng: Rng, s: int) -> tuple[Array, Array]:
    upper = rotation(X, -rng.uniform(35, 60)) @ rotation(Y, s * rng.uniform(30, 44))
    return upper, rotation(X, -rng.uniform(100, 135)) @ rotation(Z, -s * rng.uniform(5, 25))


def _spread(rng: Rng, s: int) -> tuple[Array, Array]:
    upper = rotation(Y, -s * rng.uniform(-20, 40)) @ rotation(Z, s * rng.uniform(-30, 30))
    return upper, rotation(X, -rng.uniform(0, 20))
