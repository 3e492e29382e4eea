"""Apply a network's confidence to its alpha."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from matteplug.result import DOUBT
from matteplug.types import UNKNOWN, Alpha, Tensor, Trimap

__all__ = ["NOTHING", "apply_confidence", "doubt"]

NOTHING = 0.1
"""Mean confidence below which nothing was found, and the network's alpha is noise."""

_FAINT = "Nothing stands out: no pixel is even half foreground; give a selection."


def apply_confidence(
    outputs: Mapping[str, Tensor], trimap: Trimap | None = None
) -> tuple[Alpha, float | None, tuple[str, ...]]:
    """Return the alpha to use, its confidence if the network gives one, and notes for the user.

    With a trimap there is always something to cut out, and only the unknown area's confidence
    counts.

    Args:
        outputs: "alpha" and perhaps "confidence", (1, 1, H, W) float32 [0, 1] each.
        trimap: (H, W) uint8, some of it unknown if there is a confidence; or None.

    Returns:
        The alpha (H, W) float32 [0, 1], all 0 if nothing was found; the mean confidence; notes.
    """
    alpha: Alpha = outputs["alpha"][0, 0]
    if "confidence" not in outputs:
        faint = trimap is None and float(alpha.max()) < 0.5
        return alpha, None, (_FAINT,) if faint else ()
    sure = outputs["confidence"][0, 0]
    confidence = float((sure if trimap is None else sure[trimap == UNKNOWN]).mean())
    if confidence < NOTHING and trimap is None:
        empty = np.zeros_like(alpha)
        sentence = "Nothing to cut out was found, so the matte is empty; give a selection."
        return empty, confidence, (f"{sentence} Confidence {confidence:.2f}.",)
    return alpha, confidence, doubt(confidence)


def doubt(confidence: float) -> tuple[str, ...]:
    """Return the note that a confidence deserves, if any."""
    if confidence >= DOUBT:
        return ()
    return (f"Look closely: the confidence is low, {confidence:.2f}.",)
