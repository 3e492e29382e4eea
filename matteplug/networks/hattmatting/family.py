"""What training, export and the registry need to know of HAttMatting."""

from __future__ import annotations

from torch import nn

from matteplug.network import NetworkSpec
from matteplug.networks.hattmatting.config import CONFIGS
from matteplug.networks.hattmatting.model import MULTIPLE, HattMatting
from matteplug.networks.ops.portrait_graph import PortraitGraph, portrait_spec

__all__ = ["CONFIGS", "build", "export_module", "multiple", "spec"]


def build(config_name: str) -> HattMatting:
    """Return an untrained network of the configuration "paper" or "compact"."""
    return HattMatting(CONFIGS[config_name])


def multiple(config_name: str) -> int:
    """Return what the sides of the network's input must be a multiple of, pixels."""
    return MULTIPLE


def export_module(model: nn.Module) -> nn.Module:
    """Return the graph of a trained network; its `forward` takes the spec's inputs in order."""
    if not isinstance(model, HattMatting):
        raise TypeError(f"expected a HattMatting, not a {type(model).__name__}")
    return PortraitGraph(model, MULTIPLE, model.config.side_px)


def spec(config_name: str) -> NetworkSpec:
    """Return the description of the graph, without weights.

    It has to see the whole object: no tiles.
    """
    return portrait_spec(
        CONFIGS[config_name].side_px,
        id="hattmatting",
        title="HAttMatting (any foreground object)",
        citation="Qiao et al., Attention-Guided Hierarchical Structure Aggregation for Image "
        "Matting, CVPR 2020",
    )
