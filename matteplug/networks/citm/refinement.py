"""Progressive refinement (PRM): a finer alpha replaces a coarser one where that is uncertain."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

CERTAIN = 1 / 255
"""An alpha closer to 0 or 1 than this counts as certain."""
TRAINING_WIDTHS = (30, 15)
"""Bounds of the random dilation widths in training, output stride 8 to 4 and 4 to 1."""


def refine(heads: dict[str, Tensor], widths: tuple[int, int]) -> dict[str, Tensor]:
    """Fuse the heads' alphas, coarse to fine (equations 8 and 9).

    Args:
        heads: "alpha_os8", "alpha_os4", "alpha_os1", each (B, 1, H, W).
        widths: by how many pixels the uncertain area is widened, output stride 8 to 4 and 4 to 1:
            the configuration's `refine_px`, or `random_widths` in training.

    Returns:
        The same keys; alpha_os8 as it came, the others fused.
    """
    os8 = heads["alpha_os8"]
    os4 = _replace(os8, heads["alpha_os4"], widths[0])
    os1 = _replace(os4, heads["alpha_os1"], widths[1])
    return {"alpha_os8": os8, "alpha_os4": os4, "alpha_os1": os1}


def random_widths(generator: torch.Generator | None = None) -> tuple[int, int]:
    """Draw the dilation widths of a training step."""
    first, second = (int(torch.randint(1, w, (), generator=generator)) for w in TRAINING_WIDTHS)
    return first, second


def _replace(coarse: Tensor, fine: Tensor, width: int) -> Tensor:
    """Equation 9 with g = 1 in the widened uncertain area of the coarse alpha."""
    uncertain = ((coarse >= CERTAIN) & (coarse <= 1 - CERTAIN)).to(coarse.dtype)
    return torch.where(dilated(uncertain, width // 2) > 0, fine, coarse)


def dilated(mask: Tensor, radius: int) -> Tensor:
    """Return the largest value of (B, 1, H, W) within a square, rows first, then columns."""
    for y, x in ((radius, 0), (0, radius)):
        if torch.compiler.is_exporting():
            mask = F.max_pool2d(mask, (2 * y + 1, 2 * x + 1), stride=1, padding=(y, x))
        else:
            mask = _running_maximum(F.pad(mask, (x, x, y, y)), 2 if y else 3, 2 * radius + 1)
    return mask


def _running_maximum(x: Tensor, dim: int, width: int) -> Tensor:
    """Return the maxima of every `width` neighbours along an axis, by doubling their number."""
    covered = 1
    while covered < width:
        step = min(covered, width - covered)
        length = x.shape[dim] - step
        x = torch.maximum(x.narrow(dim, 0, length), x.narrow(dim, step, length))
        covered += step
    return x
