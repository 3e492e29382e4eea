"""What training, export and the registry need to know of Semantic Image Matting."""

from __future__ import annotations

from torch import nn

from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.networks.ops.trimap_graph import TrimapGraph
from matteplug.networks.sim.config import CONFIGS
from matteplug.networks.sim.model import MULTIPLE, Sim

__all__ = ["CONFIGS", "build", "export_module", "multiple", "spec"]


def build(config_name: str) -> Sim:
    """Return an untrained network of the configuration "paper"."""
    return Sim(CONFIGS[config_name])


def multiple(config_name: str) -> int:
    """Return what the sides of the network's input must be a multiple of, pixels."""
    return MULTIPLE


def export_module(model: nn.Module) -> nn.Module:
    """Return the graph of a trained network; its `forward` takes the spec's inputs in order."""
    if not isinstance(model, Sim):
        raise TypeError(f"expected a Sim, not a {type(model).__name__}")
    return TrimapGraph(model, MULTIPLE)


def spec(config_name: str) -> NetworkSpec:
    """Return the description of the graph, without weights.

    The pyramid pooling sees the whole picture: no tiles.
    """
    return NetworkSpec(
        id="sim",
        title="Semantic Image Matting (trimap)",
        guide=Guide.TRIMAP,
        inputs=(
            TensorSpec(name="image", role="image", channels=3, high=255.0),
            TensorSpec(name="trimap", role="trimap", channels=1, high=255.0),
        ),
        outputs=(
            TensorSpec(name="alpha", role="alpha", channels=1),
            TensorSpec(name="foreground", role="foreground", channels=3),
        ),
        tiling=False,
        citation="Sun, Tang and Tai, Semantic Image Matting, CVPR 2021",
    )
