"""What a recipe requires of its data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DataRequirements:
    """What a recipe requires of its data.

    Attributes:
        plates: batches have a plate and a segmentation.
        portraits: pictures show the whole object, not a part around its edge.
        trimap: the network is guided by a trimap, so that validation counts only its unknown area.
        truth: batches have a true alpha; otherwise pictures without one are accepted.
        weights: training starts from trained weights and cannot start without.
    """

    plates: bool = False
    portraits: bool = False
    trimap: bool = True
    truth: bool = True
    weights: bool = False
