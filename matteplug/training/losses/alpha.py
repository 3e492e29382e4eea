"""Errors of a predicted alpha: of its values, its composites and its edges.

Each is a mean over the unknown pixels of the whole batch, so that a scene counts in proportion to
its unknown area, as it does in the field's SAD, which is a sum.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def l1(prediction: Tensor, truth: Tensor, unknown: Tensor) -> Tensor:
    """Return the mean of |α̂ − α| over the unknown area (CITM eq. 10, first term)."""
    return ((prediction - truth).abs() * unknown).sum() / area(unknown)


def squared(prediction: Tensor, truth: Tensor, unknown: Tensor) -> Tensor:
    """Return the mean of (α̂ − α)² over the unknown area; its optimum is the mean."""
    return ((prediction - truth).square() * unknown).sum() / area(unknown)


def composition(
    prediction: Tensor, truth: Tensor, unknown: Tensor, foreground: Tensor, background: Tensor
) -> Tensor:
    """Return the mean of |α̂F + (1 − α̂)B − I| over the unknown area and the colour channels.

    I is taken as αF + (1 − α)B, so that the difference is |α̂ − α|·|F − B|: noise and compression,
    which no alpha can explain, do not count (CITM eq. 10, second term; Xu et al. 2017, section
    3.2).

    Args:
        prediction: alpha, (B, 1, H, W).
        truth: alpha, (B, 1, H, W).
        unknown: (B, 1, H, W), 1 where the loss counts.
        foreground: straight colours, (B, 3, H, W).
        background: colours, (B, 3, H, W).
    """
    contrast = (foreground - background).abs().mean(1, keepdim=True)  # (B, 1, H, W)
    return ((prediction - truth).abs() * contrast * unknown).sum() / area(unknown)


def colour(prediction: Tensor, truth: Tensor, counts: Tensor) -> Tensor:
    """Return the mean of |F̂ − F| over the channels and the pixels that count.

    Args:
        prediction: colours, (B, 3, H, W).
        truth: colours, (B, 3, H, W).
        counts: (B, 1, H, W), 1 where the loss counts.
    """
    return ((prediction - truth).abs().mean(1, keepdim=True) * counts).sum() / area(counts)


def gradient(prediction: Tensor, truth: Tensor, unknown: Tensor) -> Tensor:
    """Return the mean of |∇α̂ − ∇α|₁ over the unknown area, ∇ by forward differences.

    The known area counts as exact, so that a step at its border counts as an error.
    """
    error = (prediction - truth) * unknown
    across = (error[..., :, 1:] - error[..., :, :-1]).abs().sum()
    down = (error[..., 1:, :] - error[..., :-1, :]).abs().sum()
    return (across + down) / area(unknown)


def sobel(prediction: Tensor, truth: Tensor) -> Tensor:
    """Return the mean of |∇α̂ − ∇α| over both directions, ∇ by Sobel filters over 8.

    Borders are repeated (MMNet eq. 4; Background Matting V2, section 3.4).
    """
    error = functional.pad(prediction - truth, (1, 1, 1, 1), mode="replicate")
    rows = error[..., :-2, :] + 2 * error[..., 1:-1, :] + error[..., 2:, :]
    columns = error[..., :-2] + 2 * error[..., 1:-1] + error[..., 2:]
    across = (rows[..., 2:] - rows[..., :-2]) / 8
    down = (columns[..., 2:, :] - columns[..., :-2, :]) / 8
    return (across.abs().mean() + down.abs().mean()) / 2


def unknown_root(
    prediction: Tensor, truth: Tensor, unknown: Tensor, epsilon: float = 1e-6
) -> Tensor:
    """Return Σ √((α − α̂)²·U + ε²) over ΣU, the detail branch's loss (HFAM eq. 2)."""
    return ((prediction - truth).square() * unknown + epsilon**2).sqrt().sum() / area(unknown)


def area(unknown: Tensor) -> Tensor:
    """Return the number of unknown pixels, at least 1, so that a batch without any has loss 0."""
    return unknown.sum().clamp(min=1)
