"""The result of the base network, which the refiner continues from."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Coarse(NamedTuple):
    """What the base network says, at the size of its inputs.

    Attributes:
        alpha: (B, 1, h, w) in [0, 1].
        residual: (B, 3, h, w), foreground minus image.
        foreground: (B, 3, h, w) in [0, 1].
        error: (B, 1, h, w) in [0, 1], how far it expects alpha to be off.
        hidden: (B, 32, h, w), for the refiner.
    """

    alpha: Tensor
    residual: Tensor
    foreground: Tensor
    error: Tensor
    hidden: Tensor
