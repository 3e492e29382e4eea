"""What stands in for the cues that a user does not have."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

DIFFERENT = (0.04, 0.16)
"""Largest difference to the plate, over the channels, that is surely none; least that surely is."""
BLUR_PX = 15


def segmentation_or_default(segmentation: Tensor, image: Tensor, plate: Tensor) -> Tensor:
    """Return the segmentation, made from the plate where none is given.

    Args:
        segmentation: (B, 1, H, W) in [0, 1]; negative where none is given.
        image: (B, 3, H, W) in [0, 1].
        plate: (B, 3, H, W) in [0, 1].
    """
    return torch.where(segmentation < 0, from_difference(image, plate), segmentation)


def from_difference(image: Tensor, plate: Tensor) -> Tensor:
    """Return a soft segmentation (B, 1, H, W): what differs from the plate, small gaps closed.

    Foreground in the plate's colours is missing from it, and shadows are in it.
    """
    same, different = DIFFERENT
    difference = (image - plate).abs().amax(dim=1, keepdim=True)
    difference = F.avg_pool2d(difference, 5, stride=1, padding=2, count_include_pad=False)
    soft = ((difference - same) / (different - same)).clamp(0, 1)
    return F.avg_pool2d(soft, BLUR_PX, stride=1, padding=BLUR_PX // 2, count_include_pad=False)


def still(image: Tensor) -> Tensor:
    """Return the motion cue of a still picture: its grey version (B, 4, H, W), four times."""
    return image.mean(dim=1, keepdim=True).expand(-1, 4, -1, -1)
