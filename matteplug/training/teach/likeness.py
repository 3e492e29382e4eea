"""Pictures that look alike: perceptual hashes, to keep evaluation pictures out and drop twins."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
SIDE, LOW = 32, 8
ALIKE_BITS = 10
"""Of 64 bits, how many may differ between two versions of one picture."""


def perceptual_hash(image: U8) -> int:
    """Return 64 bits that scaling, compression and light hardly change (pHash).

    Args:
        image: (H, W, 3) uint8 RGB; each bit says whether one of the 8 × 8 lowest frequencies of
            its brightness is stronger than their median.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small)[:LOW, :LOW].ravel()
    strong = low > np.median(low[1:])  # the first is the mean brightness
    return int.from_bytes(np.packbits(strong).tobytes(), "big")


def hashes(image: U8) -> tuple[int, int]:
    """Return the hashes of an image and of its mirror image."""
    return perceptual_hash(image), perceptual_hash(np.ascontiguousarray(image[:, ::-1]))


def alike(image: U8, others: Iterable[int]) -> bool:
    """Tell whether an image or its mirror image has nearly one of some hashes."""
    own = hashes(image)
    return any((mine ^ other).bit_count() <= ALIKE_BITS for other in others for mine in own)
