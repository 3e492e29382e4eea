"""Classes for a network without a guide: background, unknown, foreground (HFAM eq. 1)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

BACKGROUND, UNKNOWN, FOREGROUND = 0, 1, 2
IGNORED = -100


def areas(alpha: Tensor, width_px: int) -> Tensor:
    """Return the trimap that dilating and eroding the true alpha gives.

    Args:
        alpha: (B, 1, H, W), [0, 1].
        width_px: side of the square by which the opaque and the clear area are eroded.

    Returns:
        (B, H, W) int64: 0 background, 1 unknown, 2 foreground.
    """
    opaque = (alpha > 1 - 1 / 255).float()
    clear = (alpha < 1 / 255).float()
    foreground, background = (_eroded(mask, width_px)[:, 0] for mask in (opaque, clear))
    return (UNKNOWN + foreground - background).long()


def cross_entropy(
    logits: Tensor, alpha: Tensor, width_px: int = 25, known: Tensor | None = None
) -> Tensor:
    """Return the mean cross entropy against `areas` of the true alpha (HFAM eq. 1).

    Args:
        logits: (B, 3, H, W): background, unknown, foreground.
        alpha: the truth, (B, 1, H, W).
        width_px: see `areas`.
        known: (B, 1, H, W), 1 where the loss counts; None for everywhere.
    """
    classes = areas(alpha, width_px)
    if known is None:
        return functional.cross_entropy(logits.float(), classes)
    classes = classes.masked_fill(known[:, 0] < 0.5, IGNORED)
    counts = (classes != IGNORED).sum().clamp(min=1)
    total = functional.cross_entropy(logits.float(), classes, ignore_index=IGNORED, reduction="sum")
    return total / counts


def soft_cross_entropy(logits: Tensor, alpha: Tensor) -> Tensor:
    """Return the mean cross entropy of two classes against a soft alpha (MMNet eq. 5).

    Args:
        logits: (B, 2, H, W): background, foreground.
        alpha: the truth, (B, 1, H, W); the foreground's probability.
    """
    odds = (logits[:, 1:] - logits[:, :1]).float()
    return functional.binary_cross_entropy_with_logits(odds, alpha)


def _eroded(mask: Tensor, width_px: int) -> Tensor:
    radius = width_px // 2
    outside = 1 - mask
    for y, x in ((radius, 0), (0, radius)):  # rows, then columns: the same area in less time
        size = (2 * y + 1, 2 * x + 1)
        outside = functional.max_pool2d(outside, size, stride=1, padding=(y, x))
    return 1 - outside
