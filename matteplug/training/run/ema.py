"""The average of a network's weights over the last steps, which is what a run produces."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class Average:
    """An exponential moving average of a module's parameters and buffers.

    Args:
        module: the module that is trained.
        decay: fraction of the old average that each step keeps; lower in the first steps,
            (1 + n) / (10 + n).
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Add the weights after step number `step` (from 1) to the average."""
        decay = min(self._decay, (1 + step) / (10 + step))
        averaged: list[Tensor] = []
        latest: list[Tensor] = []
        theirs = module.state_dict()
        for name, tensor in self.module.state_dict().items():
            if tensor.dtype.is_floating_point:
                averaged.append(tensor)
                latest.append(theirs[name])
            else:
                tensor.copy_(theirs[name])  # counters
        torch._foreach_lerp_(averaged, latest, 1 - decay)
