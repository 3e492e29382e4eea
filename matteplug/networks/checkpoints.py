"""Checkpoints: our own files, and the public ones that families can import.

Weights only: nothing in a file is ever executed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from torch import Tensor, nn

from matteplug import plugins
from matteplug.errors import NetworkError

StateDict: TypeAlias = Mapping[str, Any]
"""Parameter names to torch tensors or numpy arrays."""

Names: TypeAlias = Sequence[tuple[str, str | Callable[[re.Match[str]], str]]]
"""Patterns of public names and ours; see `renamed`."""

LISTED = 3
"""Number of names of each kind that an error lists."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The content of a file of ours.

    Attributes:
        family: the network's id, "citm".
        config: the configuration's name, "compact".
        state: parameter names to tensors.
        meta: whatever else was saved, for example "step".
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
    checkpoint = Checkpoint(
        family=content.pop("family"),
        config=content.pop("config"),
        state=content.pop("state"),
        meta=content,
    )
    for kind, theirs, ours in (
        ("network", checkpoint.family, family),
        ("configuration", checkpoint.config, config),
    ):
        if ours is not None and theirs != ours:
            raise NetworkError(
                "checkpoint-other",
                f"{path} holds the {kind} {theirs!r}, not {ours!r}.",
                f"Name the {kind} {theirs!r}, or another file.",
            )
    return checkpoint


def read_public(path: Path) -> StateDict:
    """Read the weights of a public checkpoint, which may lie under "state_dict", weights only.

    Raises:
        NetworkError: no such file, or it holds anything other than weights.
    """
    content = _load(path)
    if isinstance(content, Mapping):
        content = content.get("state_dict", content)
    if not (isinstance(content, Mapping) and any(isinstance(v, Tensor) for v in content.values())):
        raise NetworkError("checkpoint-foreign", f"{path} holds no weights by name.")
    return content


def load_into(model: nn.Module, state: StateDict, what: str) -> None:
    """Load the weights in `state` into `model`: all of them and no others.

    Args:
        model: the network.
        state: parameter names to tensors or arrays.
        what: what the state should be, for the message ("a MatteFormer checkpoint").

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


def renamed(state: StateDict, names: Names) -> dict[str, Any]:
    """Return a state dict under our names.

    Args:
        state: public names to tensors.
        names: what a public name begins with (a pattern), and what stands there in ours; the first
            that fits counts, a name that none fits stays.
    """
    return {_renamed(name, names): value for name, value in state.items()}


def load(name: str, state_dict: StateDict) -> nn.Module:
    """Make a network from a public checkpoint's weights.

    Args:
        name: one that a family names in its `FamilySpec.public_checkpoints`, "matteformer".
        state_dict: names to torch tensors or numpy arrays, as published; a prefix "module." is
            removed, the family converts the rest.

    Returns:
        The module in eval mode.

    Raises:
        NetworkError: unknown name, or names missing or unexpected; the first are listed.
        PluginError: the family's conversion cannot be imported.
    """
    _, public = plugins.registry().public_checkpoint(name)
    convert = plugins.resolve(public.convert)
    state = {
        key.removeprefix("module."): _tensor(value) if isinstance(value, np.ndarray) else value
        for key, value in state_dict.items()
    }
    return cast(nn.Module, convert(state)).eval()


def _renamed(name: str, names: Names) -> str:
    for pattern, ours in names:
        replaced, count = re.subn(f"^{pattern}", ours, name)
        if count:
            return replaced
    return name


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
            f"{path} is not a file of weights, or it contains code, which is never executed.",
            "Ask for a file that holds only a state dict.",
        ) from error
