"""MODNet's public weights."""

from __future__ import annotations

import re

import torch

from matteplug.errors import NetworkError
from matteplug.networks.checkpoints import StateDict, load_into, renamed
from matteplug.networks.modnet.config import PAPER
from matteplug.networks.modnet.model import Modnet

_BACKBONE, _TWIN = "backbone.model.", "lr_branch.backbone.model."


def _nested(match: re.Match[str]) -> str:
    """Return torchvision's name of a layer of an inverted residual, whose layers are nested.

    The public ones are one flat sequence: convolution, norm and ReLU6, twice or once, and the
    convolution and norm of the projection.
    """
    block, layer = match[1], int(match[2])
    filters = 1 if block == "1" else 2  # the first block expands nothing
    nested = divmod(layer, 3) if layer < 3 * filters else (layer - 2 * filters,)
    return ".".join(["backbone.features", block, "conv", *map(str, nested), ""])


_NAMES = (
    (r"backbone\.model\.features\.(\d+)\.conv\.(\d)\.", _nested),
    (r"backbone\.model\.", "backbone."),
    (r"lr_branch\.se_block\.fc\.", "low.attention.excite."),
    (r"lr_branch\.conv_lr16x\.layers\.", "low.to16."),
    (r"lr_branch\.conv_lr8x\.layers\.", "low.to8."),
    (r"lr_branch\.conv_lr\.layers\.0\.", "low.semantic."),
    (r"hr_branch\.tohr_enc2x\.layers\.", "high.from_e2."),
    (r"hr_branch\.conv_enc2x\.layers\.", "high.to4."),
    (r"hr_branch\.tohr_enc4x\.layers\.", "high.from_e4."),
    (r"hr_branch\.conv_enc4x\.layers\.", "high.joint4."),
    (r"hr_branch\.conv_hr4x\.(\d)\.layers\.", r"high.at4.\1."),
    (r"hr_branch\.conv_hr2x\.(\d)\.layers\.", r"high.at2.\1."),
    (r"hr_branch\.conv_hr\.0\.layers\.", "high.detail.0."),
    (r"hr_branch\.conv_hr\.1\.layers\.0\.", "high.detail.1."),
    (r"f_branch\.conv_lr4x\.layers\.", "fusion.to4."),
    (r"f_branch\.conv_f2x\.layers\.", "fusion.to2."),
    (r"f_branch\.conv_f\.0\.layers\.", "fusion.alpha.0."),
    (r"f_branch\.conv_f\.1\.layers\.0\.", "fusion.alpha.1."),
)
"""Public names (patterns), and ours."""


def modnet(state_dict: StateDict) -> Modnet:
    """Make a MODNet from its public weights.

    Raises:
        NetworkError: names are missing or unexpected, or the backbone, which public files hold
            twice, is not the same both times.
    """
    model = Modnet(PAPER)
    load_into(model, renamed(_without_twin(state_dict), _NAMES), "a MODNet checkpoint")
    return model


def _without_twin(state: StateDict) -> StateDict:
    """Drop the second copy of the backbone."""
    for name, value in state.items():
        if name.startswith(_TWIN):
            first = state.get(_BACKBONE + name.removeprefix(_TWIN))
            if first is not None and not torch.equal(first, value):
                raise NetworkError(
                    "checkpoint-mismatch",
                    f"This is not a MODNet checkpoint: {name} differs from the backbone's other "
                    "copy in the same file.",
                    "Fetch the file again; both copies are equal in the published one.",
                )
    return {name: value for name, value in state.items() if not name.startswith(_TWIN)}
