"""MatteFormer's public weights, taken over by a CITM without cross-layer memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from matteplug.networks.checkpoints import StateDict, load_into
from matteplug.networks.citm.config import PAPER
from matteplug.networks.citm.model import Citm


def matteformer(state_dict: StateDict) -> Citm:
    """Make a CITM without cross-layer memory, which is MatteFormer, from its public weights.

    Our modules bear the public names, but for the wrapper of spectral normalisation.
    """
    model = Citm(replace(PAPER, memory=False, spectral_norm=False))
    state = _fold_spectral(state_dict)
    state = {k: v for k, v in state.items() if not k.endswith("relative_position_index")}
    load_into(model, state, "a MatteFormer checkpoint")
    return model


def _fold_spectral(state: StateDict) -> dict[str, Any]:
    """Replace every triple weight_bar, weight_u, weight_v by weight = W / (u · W v)."""
    folded = {}
    for name, value in state.items():
        stem, _, leaf = name.rpartition(".module.weight_")
        names = {part: f"{stem}.module.weight_{part}" for part in ("bar", "u", "v")}
        if not stem or not all(part in state for part in names.values()):
            folded[name] = value
        elif leaf == "bar":
            weight, u, v = (state[names[part]] for part in ("bar", "u", "v"))
            folded[f"{stem}.weight"] = weight / torch.dot(u, weight.flatten(1) @ v)
    return folded
