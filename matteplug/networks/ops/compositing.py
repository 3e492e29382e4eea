"""The compositing equation I = αF + (1 − α)B: its best alpha, and how well it holds."""

from __future__ import annotations

import torch
from torch import Tensor


def project_alpha(
    image: Tensor, foreground: Tensor, background: Tensor, damping: float, prior: float
) -> Tensor:
    """Return the alpha that best composites the image from the two colours, by colour alone.

    α = (I − B)·(F − B) / |F − B|² (Chuang et al., "A Bayesian approach to digital matting", 2001,
    equation 10), drawn to `prior` where F and B nearly meet.

    | name | shape | dtype | range |
    |---|---|---|---|
    | image, foreground, background | (B, 3, H, W) | floating | any, the same for all |
    | returned | (B, 1, H, W) | float32 | [0, 1] |

    Args:
        image: see the table.
        foreground: straight colours; see the table.
        background: see the table.
        damping: squared distance |F − B|² at which prior and colours weigh the same.
        prior: alpha where the colours say nothing.
    """
    image, foreground, background = image.float(), foreground.float(), background.float()
    span = foreground - background
    along = ((image - background) * span).sum(dim=1, keepdim=True)
    length = span.square().sum(dim=1, keepdim=True)
    return ((along + prior * damping) / (length + damping)).clamp(0, 1)


def compositing_fit(
    image: Tensor, foreground: Tensor, background: Tensor, alpha: Tensor, tolerance: float
) -> Tensor:
    """Return how well αF + (1 − α)B is the image: 1 exactly, near 0 beyond `tolerance`.

    | name | shape | dtype | range |
    |---|---|---|---|
    | image, foreground, background | (B, 3, H, W) | floating | any, the same for all |
    | alpha | (B, 1, H, W) | float32 | [0, 1] |
    | returned | (B, 1, H, W) | float32 | [0, 1] |

    Args:
        image: see the table.
        foreground: straight colours; see the table.
        background: see the table.
        alpha: see the table.
        tolerance: distance of colours at which the fit is 1/e.
    """
    image, background = image.float(), background.float()
    error = image - background - alpha * (foreground - background)
    return torch.exp(-error.square().sum(dim=1, keepdim=True) / tolerance**2)
