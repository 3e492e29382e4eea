"""What stands in for the cues that a user does not have."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from matteplug.networks.ops.box_filter import box

DIFFERENT = (0.04, 0.16)
"""Largest difference to the plate, over the channels, that is surely none; least that surely is."""
STRANGE = (0.35, 0.75)
"""The same of texture: its squared difference over the sum of both textures' squares."""
FAINT_TEXTURE = 0.016
"""Standard deviation, a channel, of texture that says little: noise, compression."""
TEXTURE_PX, SUPPORT_PX = 5, 7
"""What is finer than this is texture; where it is compared.  Pixels of the quarter-size picture: in
larger ones the plate's own grain is texture, too, and the picture seems foreign to it."""
BLUR_PX = 15
DARK = 0.05
"""Brightness at which noise, not light, decides the ratio of two pictures."""


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

    In colour or in texture: skin before a wall of its colour lacks the wall's joints.  Foreground
    that is as plain as the plate, in its colours, is missing; deep shadows are in it.
    """
    difference = box((image - plate).abs().amax(dim=1, keepdim=True), 5)
    soft = _ramp(difference, DIFFERENT)
    strange = _ramp(strangeness(image, plate), STRANGE)
    strange = F.interpolate(strange, size=soft.shape[2:], mode="bilinear", align_corners=False)
    return box(torch.maximum(soft, strange), BLUR_PX)


def strangeness(image: Tensor, plate: Tensor) -> Tensor:
    """Return how foreign the picture's texture is to the plate's, (B, 1, H/4, W/4).

    About 0 where both are the same or plain, about 1 where they have nothing in common, whatever
    their strength; up to 2.
    """
    a, b = (_texture(F.avg_pool2d(x, 4)) for x in (image, plate))
    apart = box((a - b).square().sum(dim=1, keepdim=True), SUPPORT_PX)
    strength = box((a.square() + b.square()).sum(dim=1, keepdim=True), SUPPORT_PX)
    return apart / (strength + a.shape[1] * FAINT_TEXTURE**2)


def _texture(x: Tensor) -> Tensor:
    return x - box(x, TEXTURE_PX)


def _ramp(x: Tensor, ends: tuple[float, float]) -> Tensor:
    return ((x - ends[0]) / (ends[1] - ends[0])).clamp(0, 1)


def differences(image: Tensor, plate: Tensor) -> tuple[Tensor, Tensor]:
    """Return I − B, and about the logarithm of I / B, (B, 3, H, W) each, −2 to 2.

    The second shows what is dark before the dark, and tells a shadow, which darkens evenly.

    Args:
        image: (B, 3, H, W) in [−1, 1].
        plate: (B, 3, H, W) in [−1, 1].
    """
    apart = image - plate
    return apart, 2 * apart / (image + plate + 2 + 4 * DARK)


def still(image: Tensor) -> Tensor:
    """Return the motion cue of a still picture: its grey version (B, 4, H, W), four times."""
    return image.mean(dim=1, keepdim=True).expand(-1, 4, -1, -1)
