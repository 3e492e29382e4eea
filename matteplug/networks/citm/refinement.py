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
    radius = width // 2
    for y, x in ((radius, 0), (0, radius)):  # rows, then columns: a tenth of the time
        uncertain = F.max_pool2d(uncertain, (2 * y + 1, 2 * x + 1), stride=1, padding=(y, x))
    return torch.where(uncertain > 0, fine, coarse)
