"""Import of Background Matting's public weights, in the public wiring."""

from __future__ import annotations

from dataclasses import replace

from matteplug.networks.background_matting.config import PAPER
from matteplug.networks.background_matting.model import BackgroundMatting
from matteplug.networks.checkpoints import StateDict, load_into, renamed

_NAMES = (
    (r"model_enc1\.", "image_encoder.layers."),
    (r"model_enc2\.(\d)", lambda match: f"image_encoder.layers.{int(match[1]) + 7}"),
    (r"model_enc_back\.", "cue_encoders.plate.layers."),
    (r"model_enc_seg\.", "cue_encoders.segmentation.layers."),
    (r"model_enc_multi\.", "cue_encoders.motion.layers."),
    (r"comb_back\.", "selectors.plate."),
    (r"comb_seg\.", "selectors.segmentation."),
    (r"comb_multi\.", "selectors.motion."),
    (r"model_res_dec\.([01])\.", r"combinator.\1."),
    (
        r"model_res_dec\.(\d+)\.conv_block\.",
        lambda match: f"shared_blocks.{int(match[1]) - 3}.block.",
    ),
    (r"model_res_dec_al\.(\d)\.conv_block\.", r"alpha_blocks.\1.block."),
    (r"model_res_dec_fg\.(\d)\.conv_block\.", r"foreground_blocks.\1.block."),
    (r"model_al_out\.", "alpha_decoder."),
    (r"model_dec_fg1\.", "foreground_upsampler."),
    (r"model_fg_out\.", "foreground_decoder."),
)
"""Public names of background matting, as patterns, and our names."""


def background_matting(state_dict: StateDict) -> BackgroundMatting:
    """Make a background matting network in the public wiring from its public weights."""
    model = BackgroundMatting(replace(PAPER, public_wiring=True))
    load_into(model, renamed(state_dict, _NAMES), "a Background Matting checkpoint")
    return model
