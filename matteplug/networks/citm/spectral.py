"""Spectral normalisation: on while training, folded into plain weights for export."""

from __future__ import annotations

from typing import TypeVar

from torch import nn
from torch.nn.utils import parametrizations, parametrize

AnyModule = TypeVar("AnyModule", bound=nn.Module)


def spectral(module: AnyModule, on: bool) -> AnyModule:
    """Apply spectral normalisation to the module's weight if `on`."""
    if on:
        parametrizations.spectral_norm(module)
    return module


def fold_spectral(model: nn.Module) -> None:
    """Replace every spectrally normalised weight by its current value, in place."""
    for module in model.modules():
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
