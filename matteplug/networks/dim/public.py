"""Deep Image Matting's public weights, of two re-implementations."""

from __future__ import annotations

from dataclasses import replace

from matteplug.networks.checkpoints import StateDict, load_into, renamed
from matteplug.networks.dim.config import FOAMLIU, PAPER
from matteplug.networks.dim.model import Dim

_NAMES = (
    (
        r"backbone\.encoder\.layer(\d)\.",
        lambda match: f"encoder.groups.{int(match[1]) - 1}.",
    ),
    (r"backbone\.encoder\.conv6\.", "conv6.0."),
    (r"backbone\.decoder\.deconv1_1\.", "predict.0."),
    (
        r"backbone\.decoder\.deconv(\d)_1\.",
        lambda match: f"decoder.stages.{6 - int(match[1])}.0.",
    ),
    (r"backbone\.decoder\.deconv1\.", "predict.2."),
    (
        r"refiner\.refine_conv(\d)\.",
        lambda match: f"refinement.layers.{2 * int(match[1]) - 2}.",
    ),
    (r"refiner\.refine_pred\.", "refinement.layers.6."),
)
"""OpenMMLab's names (patterns), and ours."""

_FOAMLIU_NAMES = (
    (
        r"down(\d)\.conv(\d)\.cbr_unit\.(\d)\.",
        lambda match: (
            f"encoder.groups.{int(match[1]) - 1}.{3 * (int(match[2]) - 1) + int(match[3])}."
        ),
    ),
    (r"up1\.conv\.cbr_unit\.", "predict."),
    (r"up(\d)\.conv\.cbr_unit\.", lambda match: f"decoder.stages.{6 - int(match[1])}."),
)
"""The other re-implementation's."""


def dim(state_dict: StateDict) -> Dim:
    """Make a Deep Image Matting network from OpenMMLab's public weights.

    Those of stage 1 have no refinement, and the network made from them has none.
    """
    refined = any(name.startswith("refiner.") for name in state_dict)
    model = Dim(PAPER if refined else replace(PAPER, refined=0))
    load_into(model, renamed(state_dict, _NAMES), "a Deep Image Matting checkpoint of mmediting")
    return model


def foamliu(state_dict: StateDict) -> Dim:
    """Make one from a state dict of the wiring with batch norm."""
    model = Dim(FOAMLIU)
    load_into(model, renamed(state_dict, _FOAMLIU_NAMES), "a checkpoint of this wiring")
    return model
