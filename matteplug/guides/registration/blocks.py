"""A picture as square blocks, in which image and plate are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_PX = 16


def blocks(gray: NDArray[Any]) -> NDArray[Any]:
    """Return (N, BLOCK_PX²) pixels of all whole blocks of an (H, W) array, in its dtype."""
    rows, columns = gray.shape[0] // BLOCK_PX, gray.shape[1] // BLOCK_PX
    whole = gray[: rows * BLOCK_PX, : columns * BLOCK_PX]
    cut = whole.reshape(rows, BLOCK_PX, columns, BLOCK_PX).swapaxes(1, 2)
    return np.asarray(cut.reshape(rows * columns, BLOCK_PX * BLOCK_PX))
