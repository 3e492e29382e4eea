"""MMNet's weights under the names of the public code's variables."""

from __future__ import annotations

import torch

from matteplug.networks.checkpoints import StateDict, load_into, renamed
from matteplug.networks.mmnet.config import PAPER
from matteplug.networks.mmnet.model import Mmnet

_LEAVES = (
    (r"(.*)\.BatchNorm\.", r"\1.norm."),
    (r"(MMNet\.(?:final|aux)_block\.pointwise_conv)\.", r"\1."),
    (r"(MMNet\..*)\.(weight)$", r"\1.conv.\2"),
)
"""First the leaves: a convolution and its norm bear one name there."""

_NAMES = (
    (r"MMNet\.init_block\.conv\.", "stem."),
    (r"MMNet\.enc_block(\d)\.branch(\d)\.", r"encoder.\1.branches.\2."),
    (r"MMNet\.enc_block(\d)\.merge\.pointwise_conv\.", r"encoder.\1.merge."),
    (r"MMNet\.dec_block0\.shortcut\.", "up8.shortcut."),
    (r"MMNet\.dec_block0\.pointwise_conv\.", "up8.narrow."),
    (r"MMNet\.dec_block1\.shortcut\.", "up4.shortcut."),
    (r"MMNet\.dec_block1\.pointwise_conv\.", "up4.narrow."),
    (
        r"MMNet\.dec_block([23])\.branch(\d)\.",
        lambda match: f"enhance.{int(match[1]) - 2}.branches.{match[2]}.",
    ),
    (
        r"MMNet\.dec_block([23])\.merge\.pointwise_conv\.",
        lambda match: f"enhance.{int(match[1]) - 2}.merge.",
    ),
    (r"MMNet\.dec_block4\.pointwise_conv\.", "up1.narrow."),
    (r"MMNet\.final_block\.pointwise_conv\.", "final."),
    (r"MMNet\.aux_block\.pointwise_conv\.", "auxiliary."),
)
"""Then the blocks."""

_LAYERS = (
    (r"(encoder\.[048]\.branches\.\d)\.depthwise_conv_dilation\.", r"\1.2."),
    (r"(.*)\.depthwise_conv(?:_stride|_dilation)?\.", r"\1.1."),
    (r"(.*)\.pointwise_conv\.", r"\1.0."),
)
"""Then a branch's layers; in the blocks with a stride there are three."""

_SHORTCUTS = (
    (r"(up\d\.shortcut)\.depthwise_conv\.", r"\1.0."),
    (r"(up\d\.shortcut)\.pointwise_conv\.", r"\1.1."),
)
"""A shortcut's layers stand the other way round."""


def mmnet(state_dict: StateDict) -> Mmnet:
    """Make an MMNet from the weights of its public code, in PyTorch's layout.

    TensorFlow counts no batches, which changes nothing at inference.
    """
    model = Mmnet(PAPER)
    state = dict(state_dict)
    for names in (_LEAVES, _NAMES, _SHORTCUTS, _LAYERS):
        state = renamed(state, names)
    for name in model.state_dict():
        if name.endswith("num_batches_tracked"):
            state.setdefault(name, torch.tensor(0))
    load_into(model, state, "an MMNet checkpoint")
    return model
