"""Noise pictures, striped trimaps and network specs that many tests share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.network import Guide, NetworkSpec, TensorSpec

ALPHA = TensorSpec(name="alpha", role="alpha", channels=1)
_CHANNELS = {"image": 3, "plate": 3, "motion": 4}


def picture(dtype: Any = np.uint8, shape: tuple[int, ...] = (40, 60, 3)) -> NDArray[Any]:
    """Return noise over the dtype's whole range; floats are in [0, 1]."""
    rng = np.random.default_rng(5)
    if np.dtype(dtype).kind == "f":
        return rng.random(shape, np.float32).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def trimap(height: int = 40, width: int = 60) -> NDArray[np.uint8]:
    """Return thirds from the left: background, unknown, foreground."""
    guide = np.zeros((height, width), np.uint8)
    guide[:, width // 3 :] = 128
    guide[:, 2 * width // 3 :] = 255
    return guide


def network(network_id: str, guide: Guide, *roles: str, **fields: Any) -> NetworkSpec:
    """Return a spec with inputs of these roles, and alpha as output if `fields` has no other."""
    inputs = tuple(TensorSpec(name=r, role=r, channels=_CHANNELS.get(r, 1)) for r in roles)
    values: dict[str, Any] = {"title": network_id, "outputs": (ALPHA,), **fields}
    return NetworkSpec(id=network_id, guide=guide, inputs=inputs, **values)
