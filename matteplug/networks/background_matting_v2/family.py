"""What training, export and the registry need to know of Background Matting V2."""

from __future__ import annotations

from torch import nn

from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.networks.background_matting_v2.config import CONFIGS
from matteplug.networks.background_matting_v2.graph import BackgroundMattingV2Graph
from matteplug.networks.background_matting_v2.model import MULTIPLE, BackgroundMattingV2

__all__ = ["CONFIGS", "build", "export_module", "multiple", "spec"]


def build(config_name: str) -> BackgroundMattingV2:
    """Return an untrained network of the configuration "paper", "compact" or "resnet101"."""
    return BackgroundMattingV2(CONFIGS[config_name])


def multiple(config_name: str) -> int:
    """Return what the sides of the network's input must be a multiple of, pixels."""
    return MULTIPLE


def export_module(model: nn.Module) -> nn.Module:
    """Return the graph of a trained network; its `forward` takes the spec's inputs in order."""
    if not isinstance(model, BackgroundMattingV2):
        raise TypeError(f"expected a BackgroundMattingV2, not a {type(model).__name__}")
    return BackgroundMattingV2Graph(model)


def spec(config_name: str) -> NetworkSpec:
    """Return the description of the graph, without weights.

    The base network's pyramid pooling sees the whole picture: no tiles.  Which patches are refined
    is a comparison, so that rounding can flip one.
    """
    return NetworkSpec(
        id="background-matting-v2",
        title="Background Matting V2 (plate)",
        guide=Guide.PLATE,
        inputs=tuple(
            TensorSpec(name=role, role=role, channels=3, high=255.0) for role in ("image", "plate")
        ),
        outputs=(
            TensorSpec(name="alpha", role="alpha", channels=1),
            TensorSpec(name="foreground", role="foreground", channels=3),
        ),
        tiling=False,
        discontinuous=True,
        citation="Lin et al., Real-Time High-Resolution Background Matting, CVPR 2021",
    )
