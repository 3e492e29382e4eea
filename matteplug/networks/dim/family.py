"""What training, export and the registry need to know of Deep Image Matting."""

from __future__ import annotations

from torch import nn

from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.networks.dim.config import CONFIGS
from matteplug.networks.dim.model import MULTIPLE, Dim
from matteplug.networks.ops.trimap_graph import TrimapGraph

__all__ = ["CONFIGS", "build", "export_module", "multiple", "spec"]


def build(config_name: str) -> Dim:
    """Return an untrained network of the configuration "paper" or "foamliu"."""
    return Dim(CONFIGS[config_name])


def multiple(config_name: str) -> int:
    """Return what the sides of the network's input must be a multiple of, pixels."""
    return MULTIPLE


def export_module(model: nn.Module) -> nn.Module:
    """Return the graph of a trained network; its `forward` takes the spec's inputs in order."""
    if not isinstance(model, Dim):
        raise TypeError(f"expected a Dim, not a {type(model).__name__}")
    return TrimapGraph(model, MULTIPLE)


def spec(config_name: str) -> NetworkSpec:
    """Return the description of the graph, without weights.

    Its unpooling chooses by comparing values, so that rounding can move one by a pixel.
    """
    return NetworkSpec(
        id="dim",
        title="Deep Image Matting (trimap)",
        guide=Guide.TRIMAP,
        inputs=(
            TensorSpec(name="image", role="image", channels=3, high=255.0),
            TensorSpec(name="trimap", role="trimap", channels=1, high=255.0),
        ),
        outputs=(TensorSpec(name="alpha", role="alpha", channels=1),),
        discontinuous=True,
        overlap_px=64,
        citation="Xu et al., Deep Image Matting, CVPR 2017",
    )
