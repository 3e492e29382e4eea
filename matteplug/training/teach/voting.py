"""What the teachers agree on: a soft mask, and where it is disputed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.float32]

SAME = 0.8
"""Intersection over union from which on two masks mean the same subject."""
CERTAIN = 0.9
"""The same between the views of a teacher who is believed alone."""
RELATED = 0.3
"""The same from which on another's mask means the subject too, with more or less of it."""
COVER = (0.02, 0.85)
"""Least and largest fraction of the picture that a subject covers."""
DISPUTED = 0.3
"""Fraction of the subject that may be disputed."""
SPECK = 0.006
"""Width of what counts as disputed, of the picture's longer side: edges are not."""


@dataclass(frozen=True, kw_only=True)
class VoteResult:
    """What a vote came to.

    Attributes:
        mask: (H, W) float32 [0, 1], the mean of those who agree; None where they do not.
        known: (H, W) bool, False where a teacher contradicts; None without a mask.
        agreement: the highest intersection over union that decided, 0 to 1.
        reason: why there is no mask, a few words; empty where there is one.
        by: names of those who agree.
    """

    mask: Mask | None = None
    known: NDArray[np.bool_] | None = None
    agreement: float = 0.0
    reason: str = ""
    by: tuple[str, ...] = ()


def decide(views: Mapping[str, Sequence[Mask]]) -> VoteResult:
    """Let the teachers vote.

    A teacher whose own views contradict each other does not count.  Two or more who mean the same
    subject decide; one alone does if it is certain and none who counts found another subject.

    Args:
        views: by teacher, masks (H, W) of the photograph seen in several ways.
    """
    means = {name: mean_of(masks) for name, masks in views.items()}
    found = {name: mean for name, mean in means.items() if (mean > 0.5).mean() > COVER[0]}
    if not found:
        return VoteResult(reason="nothing found")
    steady = {name: steadiness(views[name]) for name in found}
    able = [name for name in found if steady[name] >= SAME]
    if not able:
        return VoteResult(reason="no teacher agrees with itself", agreement=max(steady.values()))
    means = {name: means[name] for name in able}
    groups = [group for n in range(len(able), 1, -1) for group in combinations(able, n)]
    overlaps = {group: _least_overlap([means[name] for name in group]) for group in groups}
    agreed = next((group for group in groups if overlaps[group] >= SAME), None)
    if agreed is not None:
        return _judged(means, agreed, overlaps[agreed])
    alone = max(able, key=lambda name: steady[name])
    others = (mean for name, mean in means.items() if name != alone)
    unopposed = all(overlap(other, means[alone]) > RELATED for other in others)
    if unopposed and steady[alone] >= CERTAIN:
        return _judged(means, (alone,), steady[alone])
    best = max(overlaps.values(), default=0.0)
    return VoteResult(
        reason="teachers disagree" if overlaps else "one unsure teacher", agreement=best
    )


def steadiness(masks: Sequence[Mask]) -> float:
    """Return the least intersection over union between a teacher's views."""
    return _least_overlap(masks)


def mean_of(masks: Sequence[Mask]) -> Mask:
    """Return the mean of masks (H, W)."""
    return np.asarray(np.mean(masks, axis=0), np.float32)


def overlap(a: Mask, b: Mask) -> float:
    """Return the intersection over union of what is more than half covered; 1 of two empty ones."""
    first, second = a > 0.5, b > 0.5
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 1.0


def _least_overlap(masks: Sequence[Mask]) -> float:
    return min((overlap(a, b) for a, b in combinations(masks, 2)), default=1.0)


def _judged(means: Mapping[str, Mask], group: tuple[str, ...], agreement: float) -> VoteResult:
    """Return the mask of those who agree, if enough of it is undisputed by all who found it."""
    mask = mean_of([means[name] for name in group])
    inside = mask > 0.5
    if inside.mean() > COVER[1]:
        return VoteResult(reason="fills the picture", agreement=agreement)
    against = np.zeros_like(inside)
    for mean in means.values():
        if overlap(mean, mask) > RELATED:  # means this subject, perhaps with more or less of it
            against |= (mean > 0.5) != inside
    width = max(3, round(SPECK * max(mask.shape)) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    opened = cv2.morphologyEx(against.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    disputed = np.asarray(cv2.dilate(opened, kernel) > 0)
    if disputed.sum() > DISPUTED * inside.sum():
        return VoteResult(reason="too much is disputed", agreement=agreement)
    return VoteResult(mask=mask, known=~disputed, agreement=agreement, by=group)
