"""The cross-layer prior memory (CLPM): prior tokens persist across stages (equations 2–7)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from matteplug.networks.citm.attention import KINDS


class GatedUnit(nn.Module):
    """A GRU cell on pairs of prior tokens; there is one per kind of trimap area."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.update = nn.Linear(2 * channels, channels)
        self.reset = nn.Linear(2 * channels, channels)
        self.candidate = nn.Linear(2 * channels, channels)

    def forward(self, new: Tensor, old: Tensor) -> Tensor:
        """Merge the new prior (B, C) into the old one (B, C)."""
        both = torch.cat((new, old), dim=-1)
        z = torch.sigmoid(self.update(both))  # equation 4
        r = torch.sigmoid(self.reset(both))  # equation 5
        h = torch.tanh(self.candidate(torch.cat((new, r * old), dim=-1)))  # equation 6
        return (1 - z) * old + z * h  # equation 7


class CrossLayerMemory(nn.Module):
    """The memory between one stage and the next.

    Args:
        channels: C of the stage that ends.
        following: channels of the next stage, D.
    """

    def __init__(self, channels: int, following: int) -> None:
        super().__init__()
        self.units = nn.ModuleList(GatedUnit(channels) for _ in range(KINDS))
        self.bridges = nn.ModuleList(nn.Linear(channels, following) for _ in range(KINDS))

    def forward(self, new: Tensor, old: Tensor) -> Tensor:
        """Merge a stage's final priors (B, 3, C) with the memory (B, 3, C) of those before it.

        Returns:
            The memory for the next stage, (B, 3, D).
        """
        merged = [unit(new[:, i], old[:, i]) for i, unit in enumerate(self.units)]
        return torch.stack([bridge(m) for bridge, m in zip(self.bridges, merged, strict=True)], 1)
