"""Cues computed from image, plate and alpha; some stand in for those that the user lacks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from matteplug.networks.ops.box_filter import box

DIFFERENT = (0.04, 0.16)
"""Difference from the plate, the largest over the channels: up to the first it counts as none,
from the second on as foreground."""
STRANGE = (0.35, 0.75)
"""The same for texture: its squared difference over the sum of both textures' squares."""
FAINT_TEXTURE = 0.016
"""Standard deviation per channel of texture that says little: noise, compression."""
TEXTURE_PX, SUPPORT_PX = 5, 7
"""Detail finer than the first is texture; it is compared over windows of the second.  Both are in
pixels of the quarter-size picture: at larger sizes the plate's own grain counts as texture, and the
picture seems foreign to it."""
BLUR_PX = 15
DARK = 0.05
"""Brightness at which noise, not light, decides the ratio of two pictures."""
CORE_PX = 2
"""Distance from alpha's edge at which a pixel's colour counts as the foreground's own."""
FAINT = 1e-3
"""Weight of opaque pixels nearer to an edge; they count where there are none farther inside."""


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

    The difference is in colour or in texture: skin in front of a wall of its colour lacks the
    wall's joints.  Foreground as plain as the plate and of its colour is missed; deep shadows are
    included.

    Args:
        image: (B, 3, H, W) in [0, 1].
        plate: (B, 3, H, W) in [0, 1].
    """
    difference = box((image - plate).abs().amax(dim=1, keepdim=True), 5)
    soft = _ramp(difference, DIFFERENT)
    strange = _ramp(strangeness(image, plate), STRANGE)
    strange = F.interpolate(strange, size=soft.shape[2:], mode="bilinear", align_corners=False)
    return box(torch.maximum(soft, strange), BLUR_PX)


def strangeness(image: Tensor, plate: Tensor) -> Tensor:
    """Return how foreign the image's texture is to the plate's, (B, 1, H/4, W/4), 0 to 2.

    About 0 where both are the same or plain, about 1 where they have nothing in common, however
    strong they are.

    Args:
        image: (B, 3, H, W) in [0, 1].
        plate: (B, 3, H, W) in [0, 1].
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

    The second shows dark objects in front of dark ones, and reveals shadows, which darken evenly.

    Args:
        image: (B, 3, H, W) in [−1, 1].
        plate: (B, 3, H, W) in [−1, 1].
    """
    apart = image - plate
    return apart, 2 * apart / (image + plate + 2 + 4 * DARK)


def opaque(alpha: Tensor) -> Tensor:
    """Return how surely pixels show the foreground alone, (B, 1, H, W), [0, 1].

    Args:
        alpha: (B, 1, H, W), about [0, 1].
    """
    alpha = alpha.clamp(0, 1)
    inside = 1 - F.max_pool2d(1 - alpha, 2 * CORE_PX + 1, stride=1, padding=CORE_PX)
    return inside**8 + FAINT * alpha**8


def still(image: Tensor) -> Tensor:
    """Return the motion cue of a still (B, 3, H, W): its grey version, four times (B, 4, H, W)."""
    return image.mean(dim=1, keepdim=True).expand(-1, 4, -1, -1)
