"""What training, export and the registry need to know of Fast Deep Matting."""

from __future__ import annotations

from torch import nn

from matteplug.network import NetworkSpec
from matteplug.networks.fast_deep_matting.config import CONFIGS
from matteplug.networks.fast_deep_matting.model import MULTIPLE, FastDeepMatting
from matteplug.networks.ops.portrait_graph import PortraitGraph, portrait_spec

__all__ = ["CONFIGS", "build", "export_module", "multiple", "spec"]


def build(config_name: str) -> FastDeepMatting:
    """Return an untrained network of the configuration "paper"."""
    return FastDeepMatting(CONFIGS[config_name])


def multiple(config_name: str) -> int:
    """Return what the sides of the network's input must be a multiple of, pixels."""
    return MULTIPLE


def export_module(model: nn.Module) -> nn.Module:
    """Return the graph of a trained network; its `forward` takes the spec's inputs in order."""
    if not isinstance(model, FastDeepMatting):
        raise TypeError(f"expected a FastDeepMatting, not a {type(model).__name__}")
    return PortraitGraph(model, MULTIPLE, model.config.side_px)


def spec(config_name: str) -> NetworkSpec:
    """Return the description of the graph, without weights.

    It has to see the whole person: no tiles.
    """
    return portrait_spec(
        CONFIGS[config_name].side_px,
        id="fast-deep-matting",
        title="Fast Deep Matting (portraits)",
        citation="Zhu et al., Fast Deep Matting for Portrait Animation on Mobile Phone, "
        "ACM MM 2017",
    )
