"""Take an ImageNet checkpoint over into the encoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matteplug.networks.checkpoints import load_into
from matteplug.networks.hfam.model import Hfam


def load_imagenet(model: Hfam, state: Mapping[str, Any]) -> None:
    """Give the encoder the weights of a torchvision ResNet, without its classifier.

    Args:
        model: its encoder is changed in place.
        state: torchvision's names to tensors or arrays; of ResNet-101 for `config.PAPER`.

    Raises:
        NetworkError: the names or shapes are not those of the encoder; the first are listed.
    """
    features = {name: value for name, value in state.items() if not name.startswith("fc.")}
    load_into(model.encoder, features, "a ResNet checkpoint that fits this configuration")
