"""Import of MatteFormer's public weights, for a CITM without cross-layer memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from matteplug.networks.checkpoints import StateDict, load_into
from matteplug.networks.citm.config import PAPER
from matteplug.networks.citm.model import Citm

_NAMES = {
    "encoder.layers.": "encoder.stages.",
    "encoder.shortcut.": "encoder.shortcuts.",
    "decoder.refine_OS": "decoder.head_os",
}
"""Beginnings of MatteFormer's public names, and ours; all others are the same."""


def matteformer(state_dict: StateDict) -> Citm:
    """Make a CITM without cross-layer memory, which is MatteFormer, from its public weights."""
    model = Citm(replace(PAPER, memory=False, spectral_norm=False))
    state = {
        _renamed(name): value
        for name, value in _fold_spectral(state_dict).items()
        if not name.endswith("relative_position_index")
    }
    load_into(model, state, "a MatteFormer checkpoint")
    return model


def _renamed(name: str) -> str:
    for public, ours in _NAMES.items():
        if name.startswith(public):
            return ours + name.removeprefix(public)
    return name


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
