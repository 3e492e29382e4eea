"""What training, export and the registry need to know of Semantic Human Matting."""

from __future__ import annotations

from torch import nn

from matteplug.network import NetworkSpec
from matteplug.networks.ops.portrait_graph import PortraitGraph, portrait_spec
from matteplug.networks.shm.config import CONFIGS
from matteplug.networks.shm.model import MULTIPLE, Shm

__all__ = ["CONFIGS", "build", "export_module", "multiple", "spec"]


def build(config_name: str) -> Shm:
    """Return an untrained network of the configuration "paper" or "compact"."""
    return Shm(CONFIGS[config_name])


def multiple(config_name: str) -> int:
    """Return what the sides of the network's input must be a multiple of, pixels."""
    return MULTIPLE


def export_module(model: nn.Module) -> nn.Module:
    """Return the graph of a trained network; its `forward` takes the spec's inputs in order."""
    if not isinstance(model, Shm):
        raise TypeError(f"expected an Shm, not a {type(model).__name__}")
    return PortraitGraph(model, MULTIPLE, model.config.side_px)


def spec(config_name: str) -> NetworkSpec:
    """Return the description of the graph, without weights.

    It has to see the whole person: no tiles.  The unpooling chooses by comparing values.
    """
    return portrait_spec(
        CONFIGS[config_name].side_px,
        id="shm",
        title="Semantic Human Matting (people)",
        discontinuous=not CONFIGS[config_name].light,
        citation="Chen et al., Semantic Human Matting, ACM MM 2018",
    )
