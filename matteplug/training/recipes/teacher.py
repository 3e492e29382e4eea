"""A frozen copy of the network that a later stage of training learns from."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class FrozenTeacher(nn.Module):
    """The network as it was when the stage began; kept in the checkpoint and never trained."""

    initialised: Tensor

    def __init__(self, student: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(student).requires_grad_(False)
        self.register_buffer("initialised", torch.tensor(False))

    @torch.no_grad()
    def of(self, student: nn.Module) -> nn.Module:
        """Return the copy in eval mode; the first call copies the student's weights."""
        if not self.initialised:
            self.network.load_state_dict(student.state_dict())
            self.initialised.fill_(True)
        return self.network.eval()
