"""Background Matting V2's public weights, whose names are ours."""

from __future__ import annotations

from dataclasses import replace

from matteplug.networks.background_matting_v2.config import COMPACT, PAPER, RESNET101
from matteplug.networks.background_matting_v2.model import BackgroundMattingV2
from matteplug.networks.checkpoints import StateDict, load_into


def background_matting_v2(state_dict: StateDict) -> BackgroundMattingV2:
    """Make the network from its public weights; the names tell which of the three backbones.

    A file without the refiner's weights, of the first stage of training, gives the base network.
    """
    config = PAPER
    if any(name.startswith("backbone.features.") for name in state_dict):
        config = COMPACT
    elif any(name.startswith("backbone.layer3.6.") for name in state_dict):
        config = RESNET101
    refined = any(name.startswith("refiner.") for name in state_dict)
    model = BackgroundMattingV2(replace(config, refined=refined))
    load_into(model, state_dict, "a Background Matting V2 checkpoint")
    return model
