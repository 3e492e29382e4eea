"""What training, export and the registry need to know of HFAM."""

from __future__ import annotations

from torch import nn

from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.networks.hfam.config import CONFIGS
from matteplug.networks.hfam.graph import HfamGraph
from matteplug.networks.hfam.model import MULTIPLE, Hfam

__all__ = ["CONFIGS", "build", "export_module", "multiple", "spec"]


def build(config_name: str) -> Hfam:
    """Return an untrained network of the configuration "paper" or "compact"."""
    return Hfam(CONFIGS[config_name])


def multiple(config_name: str) -> int:
    """Return what the sides of the network's input must be a multiple of, pixels."""
    return MULTIPLE


def export_module(model: nn.Module) -> nn.Module:
    """Return the graph of a trained network; its `forward` takes the spec's inputs in order."""
    if not isinstance(model, Hfam):
        raise TypeError(f"expected an Hfam, not a {type(model).__name__}")
    return HfamGraph(model)


def spec(config_name: str) -> NetworkSpec:
    """Return the description of the graph, without weights.

    The graph bounds its own work, and the semantic branch must see the whole person: no tiles.
    """
    return NetworkSpec(
        id="hfam",
        title="HFAM (people, animals, things)",
        guide=Guide.NONE,
        inputs=(TensorSpec(name="image", role="image", channels=3, high=255.0),),
        outputs=(
            TensorSpec(name="alpha", role="alpha", channels=1),
            TensorSpec(name="confidence", role="confidence", channels=1),
        ),
        tiling=False,
        edge_band_fraction=0.008,  # three of the network's own pixels
        mib_fixed=60.0 if config_name == "compact" else 0.0,  # by benchmarks/memory.py
        mib_per_megapixel=48.0 if config_name == "compact" else 0.0,
        citation="Hierarchical feature aggregation matting network (HFAM)",
    )
