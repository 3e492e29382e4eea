"""Convert between the library's values (0 to 1) and a graph's own range.

Other programs divide a picture by its own maximum and stretch every result to 0 and 1.  That turns
a black frame, or a result in which nothing was found, into noise; here both end where there is too
little to go by (`DARKEST`, `CONTRAST`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from matteplug.network import TensorSpec
from matteplug.types import Tensor

DARKEST = 0.1
"""A picture's own maximum counts as at least this: what is darker is not brightened further."""
CONTRAST = 0.5
"""An output that reaches over less than this is not stretched: nothing stands out in it."""
_LOGITS = 40.0
"""Beyond this a sigmoid is 0 or 1 in float32, and its exponential need not be computed."""


def encode(tensor: TensorSpec, array: Tensor) -> Tensor:
    """Scale `array` to the graph's range and normalise it.

    | name   | shape        | dtype   | range                                     |
    |--------|--------------|---------|-------------------------------------------|
    | array  | (B, C, H, W) | float32 | [0, 1]                                    |
    | result | (B, C, H, W) | float32 | [low, high], then (x - mean) / std if any |
    """
    if tensor.scaling == "own-maximum":
        array = array / np.maximum(array.max((1, 2, 3), keepdims=True), np.float32(DARKEST))
    if tensor.low == 0 and tensor.high == 1 and not tensor.mean:
        return array
    scale, shift = _affine(tensor)
    return np.asarray(array * scale + shift, np.float32)


def decode(tensor: TensorSpec, array: Tensor) -> Tensor:
    """Return a graph's output, whatever its type of numbers, as values from 0 to 1.

    The activation comes first, then the reverse of `encode`, the stretch, and clipping.
    """
    values = np.asarray(array, np.float32)
    if tensor.activation == "sigmoid":
        values = np.asarray(1 / (1 + np.exp(-np.clip(values, -_LOGITS, _LOGITS))), np.float32)
    if not (tensor.low == 0 and tensor.high == 1 and not tensor.mean):
        scale, shift = _affine(tensor)
        values = np.asarray((values - shift) / scale, np.float32)
    if tensor.stretch == "min-max":
        low, high = (bound((1, 2, 3), keepdims=True) for bound in (values.min, values.max))
        wide = high - low >= CONTRAST
        values = np.where(wide, (values - low) / np.where(wide, high - low, 1), values)
    return np.clip(values, 0, 1)


def _affine(tensor: TensorSpec) -> tuple[Tensor, Tensor]:
    """Return scale and shift, (1, C or 1, 1, 1); the graph's value is x · scale + shift."""
    mean = np.asarray(tensor.mean or (0.0,), np.float64)
    std = np.asarray(tensor.std or (1.0,), np.float64)
    scale = (tensor.high - tensor.low) / std
    shift = (tensor.low - mean) / std
    return (
        scale.astype(np.float32).reshape(1, -1, 1, 1),
        shift.astype(np.float32).reshape(1, -1, 1, 1),
    )


def check(specs: Sequence[TensorSpec], arrays: Mapping[str, Tensor]) -> None:
    """Check that `arrays`, by role, match the tensors in `specs` and each other.

    Raises:
        TypeError, ValueError: a role is missing, or an array has another dtype, shape or size.
    """
    first: tuple[int, ...] | None = None
    for spec in specs:
        if spec.role not in arrays:
            raise ValueError(f"the input {spec.role!r} is missing; got {sorted(arrays)}")
        array = arrays[spec.role]
        if array.dtype != np.float32:
            raise TypeError(f"{spec.role} must be float32, not {array.dtype}")
        if array.ndim != 4 or array.shape[1] != spec.channels or 0 in array.shape:
            raise ValueError(
                f"{spec.role} must be (B, {spec.channels}, H, W), not {tuple(array.shape)}"
            )
        frame = (array.shape[0], *array.shape[2:])
        first = first or frame
        if frame != first:
            raise ValueError(f"{spec.role} has batch and size {frame}, other inputs {first}")
