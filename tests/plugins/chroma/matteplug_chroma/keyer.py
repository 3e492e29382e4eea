"""Alpha from the excess of green, imported when the first matte is made."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def solve(inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Key out green: alpha falls from 1 to 0 as green exceeds the other channels by 0.25.

    | name            | shape        | dtype   | range  |
    |-----------------|--------------|---------|--------|
    | inputs, image   | (B, 3, H, W) | float32 | [0, 1] |
    | returned, alpha | (B, 1, H, W) | float32 | [0, 1] |
    """
    red, green, blue = np.split(inputs["image"], 3, axis=1)
    excess = green - np.maximum(red, blue)
    return {"alpha": np.clip(1 - excess / 0.25, 0, 1)}
