"""What becomes of an alpha that its network is not sure of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from matteplug.types import UNKNOWN, Alpha, Tensor, Trimap

NOTHING = 0.1
"""Mean confidence below which nothing was found, and what the network gave is noise."""
DOUBT = 0.5
"""Mean confidence below which the user is told to look."""


def apply_confidence(
    outputs: Mapping[str, Tensor], trimap: Trimap | None = None
) -> tuple[Alpha, float | None, tuple[str, ...]]:
    """Return the alpha to show, its confidence if the network gives one, and notes for the user.

    A trimap says that there is something to cut out, and where to ask how sure the network is.

    Args:
        outputs: "alpha" and perhaps "confidence", (1, 1, H, W) float32 [0, 1] each.
        trimap: (H, W) uint8, some of it unknown where there is a confidence; or None.

    Returns:
        The alpha (H, W), empty where nothing was found; the mean confidence, of what is unknown;
        sentences.
    """
    alpha: Alpha = outputs["alpha"][0, 0]
    if "confidence" not in outputs:
        return alpha, None, ()
    sure = outputs["confidence"][0, 0]
    confidence = float((sure if trimap is None else sure[trimap == UNKNOWN]).mean())
    if confidence < NOTHING and trimap is None:
        empty = np.zeros_like(alpha)
        sentence = "Nothing to cut out was found, so the matte is empty; give a selection."
        return empty, confidence, (f"{sentence} Confidence {confidence:.2f}.",)
    if confidence < DOUBT:
        return alpha, confidence, (f"Look closely: the confidence is low, {confidence:.2f}.",)
    return alpha, confidence, ()
