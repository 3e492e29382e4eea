"""From a vote to what is trained on: a computed edge, straight colours, clear parts."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug import api
from matteplug.engine import Engine
from matteplug.training.teach.voting import VoteResult
from matteplug.types import BACKGROUND, FOREGROUND, UNKNOWN

U8 = NDArray[np.uint8]
SURE = 0.9
"""Fraction of the vote that makes a pixel known."""
BAND = 0.008
"""Half width of the unknown band along the mask's edge, of the picture's longer side."""
CLEAR = 0.1
"""What every teacher's mean vote stays below where a part shows no subject."""
SMALLEST_PART_PX = 160


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A photograph with a taught alpha.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        alpha: (H, W) uint8.
        known: (H, W) uint8, 255 where the alpha may be learnt from, 0 where teachers disagree.
        foreground: (H, W, 3) uint8 straight colours.
    """

    image: U8
    alpha: U8
    known: U8
    foreground: U8


def subject(image: U8, vote: VoteResult, engine: Engine) -> Subject | None:
    """Compute the edge and the colours of what the teachers found.

    Args:
        image: (H, W, 3) uint8 RGB.
        vote: with a mask.
        engine: who runs the trimap network.

    Returns:
        The subject; None where the mask has no certain inside or outside.
    """
    assert vote.mask is not None
    assert vote.known is not None
    trimap = band(vote.mask)
    if np.unique(trimap).tolist() != [BACKGROUND, UNKNOWN, FOREGROUND]:
        return None
    matte = api.matte(image, trimap=trimap, provider="cpu", engine=engine)
    alpha = np.rint(matte.alpha * 255).astype(np.uint8)
    known = np.where(vote.known, 255, 0).astype(np.uint8)
    foreground = np.asarray(matte.foreground, np.uint8)
    return Subject(image=image, alpha=alpha, known=known, foreground=foreground)


def band(mask: NDArray[np.float32]) -> U8:
    """Return the trimap of a soft mask: unknown where it is unsure and along its edge."""
    width = 2 * max(1, round(BAND * max(mask.shape))) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    inside = (mask > 0.5).astype(np.uint8)
    edge = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, kernel) > 0
    unsure = (mask > 1 - SURE) & (mask < SURE)
    trimap = np.where(mask > 0.5, FOREGROUND, BACKGROUND).astype(np.uint8)
    trimap[edge | unsure] = UNKNOWN
    return trimap


def clear_part(votes: NDArray[np.float32]) -> tuple[slice, slice] | None:
    """Return the largest part of a picture in which no teacher saw anything, if it is large enough.

    Args:
        votes: (H, W) float32, the highest of the teachers' means.

    Returns:
        Rows and columns; None where no side-by-side part of `SMALLEST_PART_PX` is clear.
    """
    step = 8
    rows, columns = (side // step for side in votes.shape)
    cells = votes[: rows * step, : columns * step].reshape(rows, step, columns, step)
    clear = cells.max(axis=(1, 3)) < CLEAR
    heights = np.zeros(columns, int)
    best, place = 0, None
    least = SMALLEST_PART_PX // step
    for bottom in range(rows):
        heights = np.where(clear[bottom], heights + 1, 0)
        for left in range(columns):
            height = int(heights[left])
            for right in range(left, columns):
                height = min(height, int(heights[right]))
                width = right - left + 1
                if height < least:
                    break
                if width >= least and height * width > best:
                    best = height * width
                    place = (bottom - height + 1, left, height, width)
    if place is None:
        return None
    top, left, height, width = (step * value for value in place)
    return slice(top, top + height), slice(left, left + width)
