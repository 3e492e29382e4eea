"""What the drivers of both GIMPs report of a layer, as arrays."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray


def floats(text: str, layer: dict[str, Any], channels: int = 4) -> NDArray[np.float32]:
    """Return pixels, (H, W, channels) or (H, W), of the size of a layer."""
    width, height = layer["size"]
    values = np.frombuffer(base64.b64decode(text), np.float32)
    return values.reshape((height, width, channels)[: 2 + (channels > 1)])
