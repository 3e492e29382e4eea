"""Checkpoints: our own files, and the public ones that our networks can take over.

Weights only: nothing in a file is ever executed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from matteplug.errors import NetworkError
from matteplug.networks.background_matting.config import PAPER as BACKGROUND_MATTING
from matteplug.networks.background_matting.model import BackgroundMatting
from matteplug.networks.citm.config import PAPER as CITM
from matteplug.networks.citm.model import Citm

StateDict: TypeAlias = Mapping[str, Any]
"""Parameter names to torch tensors or numpy arrays."""

LISTED = 3
"""How many names of each sort an error lists."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What a file of ours holds.

    Attributes:
        family: the network's id, "citm".
        config: the configuration's name, "compact".
        state: parameter names to tensors.
        meta: whatever else was saved, "step" for one.
    """

    family: str
    config: str
    state: dict[str, Tensor]
    meta: dict[str, Any] = field(default_factory=dict)


def save(path: Path, family: str, config: str, state: StateDict, **meta: Any) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        path: the file.
        family: the network's id.
        config: the configuration's name.
        state: the model's `state_dict()`.
        meta: plain values and tensors to keep beside it.
    """
    content = {"family": family, "config": config, "state": dict(state), **meta}
    fresh = path.with_name(path.name + ".tmp")
    with fresh.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def read(path: Path, family: str | None = None, config: str | None = None) -> Checkpoint:
    """Read a checkpoint, weights only.

    Args:
        path: the file.
        family: refuse another network's checkpoint.
        config: refuse another configuration's.

    Raises:
        NetworkError: no such file, not a checkpoint of ours, or another network's.
    """
    content = _load(path)
    if not (isinstance(content, dict) and {"family", "config", "state"} <= content.keys()):
        raise NetworkError(
            "checkpoint-foreign",
            f"{path} is not a checkpoint of matteplug's own training.",
            "A public checkpoint is read by `matteplug import-checkpoint`.",
        )
    found = Checkpoint(
        family=content.pop("family"),
        config=content.pop("config"),
        state=content.pop("state"),
        meta=content,
    )
    for sort, theirs, ours in (
        ("network", found.family, family),
        ("configuration", found.config, config),
    ):
        if ours is not None and theirs != ours:
            raise NetworkError(
                "checkpoint-other",
                f"{path} holds the {sort} {theirs!r}, not {ours!r}.",
                f"Name the {sort} {theirs!r}, or another file.",
            )
    return found


def read_public(path: Path) -> StateDict:
    """Read the weights of a public checkpoint, which may lie under "state_dict", weights only.

    Raises:
        NetworkError: no such file, or it holds anything but weights.
    """
    content = _load(path)
    if isinstance(content, Mapping):
        content = content.get("state_dict", content)
    if not (isinstance(content, Mapping) and any(isinstance(v, Tensor) for v in content.values())):
        raise NetworkError("checkpoint-foreign", f"{path} holds no weights by name.")
    return content


def load_into(model: nn.Module, state: StateDict, what: str) -> None:
    """Give `model` the weights in `state`, all of them and no others.

    Args:
        model: the network.
        state: parameter names to tensors or arrays.
        what: what it is expected to be, for the message ("a MatteFormer checkpoint").

    Raises:
        NetworkError: names are missing or unexpected, or a shape differs; the first are listed.
    """
    expected = model.state_dict()
    missing = [name for name in expected if name not in state]
    unexpected = [name for name in state if name not in expected]
    misshapen = [
        f"{name} {tuple(state[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in state and tuple(state[name].shape) != tuple(tensor.shape)
    ]
    faults = (("missing", missing), ("unexpected", unexpected), ("of another shape", misshapen))
    if any(names for _, names in faults):
        listed = "; ".join(f"{fault}: {_first(names)}" for fault, names in faults if names)
        raise NetworkError(
            "checkpoint-mismatch",
            f"This is not {what}: {listed}.",
            "Check that the file belongs to this network and configuration.",
        )
    model.load_state_dict({name: _tensor(value) for name, value in state.items()})


def load(name: str, state_dict: StateDict) -> nn.Module:
    """Make a network from a public checkpoint's weights.

    Args:
        name: "matteformer" or "background-matting".
        state_dict: names to torch tensors or numpy arrays, as published; a prefix "module." and
            index buffers are taken away, spectral normalisation is folded into plain weights.

    Returns:
        The module in eval mode.

    Raises:
        NetworkError: unknown name, or names missing or unexpected; the first are listed.
    """
    if name not in PUBLIC:
        raise NetworkError(
            "checkpoint-unknown",
            f"There is no import for checkpoints called {name!r}.",
            f"Known: {', '.join(sorted(PUBLIC))}.",
        )
    return PUBLIC[name](state_dict).eval()


def matteformer(state_dict: StateDict) -> Citm:
    """Make a CITM without cross-layer memory, which is MatteFormer, from its public weights.

    Our modules bear the public names, but for the wrapper of spectral normalisation.
    """
    model = Citm(replace(CITM, memory=False, spectral_norm=False))
    state = _fold_spectral(_unprefixed(state_dict))
    state = {k: v for k, v in state.items() if not k.endswith("relative_position_index")}
    load_into(model, state, "a MatteFormer checkpoint")
    return model


def background_matting(state_dict: StateDict) -> BackgroundMatting:
    """Make a background matting network in the public wiring from its public weights."""
    model = BackgroundMatting(replace(BACKGROUND_MATTING, public_wiring=True))
    state = {_renamed(name): value for name, value in _unprefixed(state_dict).items()}
    load_into(model, state, "a Background Matting checkpoint")
    return model


PUBLIC: dict[str, Callable[[StateDict], nn.Module]] = {
    "matteformer": matteformer,
    "background-matting": background_matting,
}
"""Public checkpoints that can be imported."""

_BACKGROUND_MATTING_NAMES = (
    (r"model_enc1\.", "image_encoder.layers."),
    (r"model_enc2\.(\d)", lambda match: f"image_encoder.layers.{int(match[1]) + 7}"),
    (r"model_enc_back\.", "cue_encoders.plate.layers."),
    (r"model_enc_seg\.", "cue_encoders.segmentation.layers."),
    (r"model_enc_multi\.", "cue_encoders.motion.layers."),
    (r"comb_back\.", "selectors.plate."),
    (r"comb_seg\.", "selectors.segmentation."),
    (r"comb_multi\.", "selectors.motion."),
    (r"model_res_dec\.([01])\.", r"combine.\1."),
    (
        r"model_res_dec\.(\d+)\.conv_block\.",
        lambda match: f"shared.{int(match[1]) - 3}.block.",
    ),
    (r"model_res_dec_al\.(\d)\.conv_block\.", r"alpha_blocks.\1.block."),
    (r"model_res_dec_fg\.(\d)\.conv_block\.", r"foreground_blocks.\1.block."),
    (r"model_al_out\.", "alpha_decoder."),
    (r"model_dec_fg1\.", "foreground_up."),
    (r"model_fg_out\.", "foreground_decoder."),
)
"""Public names of background matting (patterns), and ours."""


def _renamed(name: str) -> str:
    for pattern, ours in _BACKGROUND_MATTING_NAMES:
        renamed, count = re.subn(f"^{pattern}", ours, name)
        if count:
            return renamed
    return name


def _unprefixed(state: StateDict) -> dict[str, Any]:
    return {name.removeprefix("module."): value for name, value in state.items()}


def _fold_spectral(state: StateDict) -> dict[str, Any]:
    """Replace every triple weight_bar, weight_u, weight_v by weight = W / (u · W v)."""
    folded = {}
    for name, value in state.items():
        stem, _, leaf = name.rpartition(".module.weight_")
        names = {part: f"{stem}.module.weight_{part}" for part in ("bar", "u", "v")}
        if not stem or not all(part in state for part in names.values()):
            folded[name] = value
        elif leaf == "bar":
            weight, u, v = (_tensor(state[names[part]]) for part in ("bar", "u", "v"))
            folded[f"{stem}.weight"] = weight / torch.dot(u, weight.flatten(1) @ v)
    return folded


def _tensor(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else torch.from_numpy(np.array(value))


def _first(names: list[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")


def _load(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise NetworkError(
            "checkpoint-missing", f"{path} cannot be read: {error.strerror or error}."
        ) from error
    except Exception as error:  # the unpickler raises whatever a damaged file makes it raise
        raise NetworkError(
            "checkpoint-damaged",
            f"{path} is no file of weights, or it holds code, which is never executed.",
            "Ask for a file that holds only a state dict.",
        ) from error
