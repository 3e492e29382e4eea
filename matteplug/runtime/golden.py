"""The golden tensor: a small synthetic picture and a network's output for it, to prove a provider.

The picture is computed with integers, so it is the same on every machine: two noise images,
foreground and background, are mixed by a soft ellipse with a frayed edge, from which every guide
follows.  The manifest stores the seed, the size and the expected output on a grid of points.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from matteplug.network import NetworkSpec
from matteplug.types import Size, Tensor

SIZE = Size(150, 110)
SEED = 20
PICTURES = tuple((size, SEED + n) for n in range(16) for size in (SIZE, Size(110, 150)))
"""Sizes and seeds to choose from: in most, a portrait network finds no one and outputs 0."""
TELLING = 0.1
"""Smallest telling mean output: an error of 5 % of less is within the providers' tolerances."""
STRIDE = 5

Levels: TypeAlias = NDArray[Any]
"""(H, W) int64, 0 to 255."""


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """How far an output is from the expected one, over the stored points of all outputs.

    Attributes:
        mean: mean absolute difference.
        worst: largest absolute difference; infinite if a value is NaN or infinite.
    """

    mean: float
    worst: float


def example(spec: NetworkSpec, size: Size, seed: int, batch: int = 1) -> dict[str, Tensor]:
    """Return a picture and its guides by role, as `spec` takes them: (B, C, H, W) float32 [0, 1].

    Image `b` of the batch has the seed `seed + b` and an ellipse of its own.

    Raises:
        ValueError: the spec has an input of an unknown role.
    """
    pictures = [_picture(size, seed + index) for index in range(batch)]
    inputs = {}
    for tensor in spec.inputs:
        if tensor.role not in pictures[0]:
            raise ValueError(f"no example is known for an input of the role {tensor.role!r}")
        stack = np.stack([picture[tensor.role] for picture in pictures])
        inputs[tensor.role] = stack.astype(np.float32) / np.float32(255)
    return inputs


def record(outputs: Mapping[str, Tensor], size: Size = SIZE, seed: int = SEED) -> dict[str, Any]:
    """Return what the manifest stores of the outputs for `example(spec, size, seed)`."""
    return {
        "rule": 1,
        "seed": seed,
        "size": list(size),
        "stride": STRIDE,
        "expected": {
            role: [round(float(value), 5) for value in _points(array, STRIDE)]
            for role, array in outputs.items()
        },
    }


def tells(outputs: Iterable[Tensor]) -> bool:
    """Tell whether outputs are large enough for another network's, or wrong ones, to differ."""
    return float(np.concatenate([np.abs(array).ravel() for array in outputs]).mean()) >= TELLING


def inputs_of(spec: NetworkSpec) -> dict[str, Tensor]:
    """Return the inputs whose output the manifest stores.

    Raises:
        ValueError: the spec stores none, or one by a rule that this version does not know.
    """
    if spec.golden.get("rule") != 1:
        raise ValueError(f"{spec.id} has no golden tensor that this version can compute")
    return example(spec, Size(*spec.golden["size"]), spec.golden["seed"])


def compare(spec: NetworkSpec, outputs: Mapping[str, Tensor]) -> Deviation:
    """Compare the outputs for `inputs_of(spec)` with the stored ones."""
    differences = np.concatenate(
        [
            np.abs(_points(outputs[role], spec.golden["stride"]) - np.asarray(expected))
            for role, expected in spec.golden["expected"].items()
        ]
    )
    if not np.isfinite(differences).all():
        return Deviation(mean=math.inf, worst=math.inf)
    return Deviation(mean=float(differences.mean()), worst=float(differences.max()))


def _points(array: Tensor, stride: int) -> NDArray[np.float64]:
    return array[0, :, stride // 2 :: stride, stride // 2 :: stride].astype(np.float64).ravel()


def _picture(size: Size, seed: int) -> dict[str, Levels]:
    """Return image, plate, segmentation, motion and trimap, each (C, H, W) in 0 to 255."""
    soft = _soft_ellipse(size, seed)
    foreground = np.stack([_noise(size, 13, seed * 7 + c) // 2 + 40 * c for c in range(3)])
    plate = np.stack([_noise(size, 29, seed * 7 + 3 + c) // 2 + 80 - 40 * c for c in range(3)])
    image = (soft * foreground + (255 - soft) * plate) // 255
    grey = image.sum(axis=0) // 3
    return {
        "image": image,
        "plate": plate,
        "segmentation": np.where(soft > 127, 255, 0)[None],
        "motion": np.stack([np.roll(grey, shift, axis=1) for shift in (-4, -2, 2, 4)]),
        "trimap": np.where(soft == 0, 0, np.where(soft == 255, 255, 128))[None],
    }


def _soft_ellipse(size: Size, seed: int) -> Levels:
    """Return 255 inside, 0 outside and a frayed ramp between, all three areas well filled."""
    y, x = np.ogrid[: size.height, : size.width]
    across = (2 * x + 1 - size.width) * 1000 // size.width  # -1000 to 1000 over the picture
    along = (2 * y + 1 - size.height) * 1000 // size.height
    across = across + (seed * 37) % 200 - 100  # off the middle
    squared = across * across + along * along
    ramp = 255 - (squared // 100 - 2000) * 255 // 5000 + (_noise(size, 5, seed * 7 + 6) - 128) // 2
    soft: Levels = np.clip(ramp, 0, 255)
    return soft


def _noise(size: Size, cell: int, seed: int) -> Levels:
    """Return bilinear noise with a random level every `cell` pixels, and a quarter of grain."""
    y, x = np.arange(size.height), np.arange(size.width)
    lattice = _random(size.height // cell + 2, size.width // cell + 2, seed)
    rows, columns = y // cell, x // cell
    fy, fx = (y % cell)[:, None], (x % cell)[None, :]
    above = lattice[rows][:, columns] * (cell - fx) + lattice[rows][:, columns + 1] * fx
    below = lattice[rows + 1][:, columns] * (cell - fx) + lattice[rows + 1][:, columns + 1] * fx
    smooth = (above * (cell - fy) + below * fy) // (cell * cell)
    return (3 * smooth + _random(size.height, size.width, seed + 1)) // 4


def _random(height: int, width: int, seed: int) -> Levels:
    """Return (height, width) levels 0 to 255 by hashing position and seed (Wang's 32-bit mix)."""
    y, x = np.ogrid[:height, :width]
    key = (x * 0x9E3779B1 + y * 0x85EBCA77 + seed * 0xC2B2AE3D).astype(np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    key &= mask
    key = ((key ^ np.uint64(61)) ^ (key >> np.uint64(16))) & mask
    key = (key * np.uint64(9)) & mask
    key ^= key >> np.uint64(4)
    key = (key * np.uint64(0x27D4EB2D)) & mask
    key ^= key >> np.uint64(15)
    levels: Levels = (key & np.uint64(255)).astype(np.int64)
    return levels
