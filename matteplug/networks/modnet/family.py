"""What training, export and the registry need to know of MODNet."""

from __future__ import annotations

from torch import nn

from matteplug.network import NetworkSpec
from matteplug.networks.modnet.config import CONFIGS
from matteplug.networks.modnet.graph import ModnetGraph
from matteplug.networks.modnet.model import MULTIPLE, Modnet
from matteplug.networks.ops.portrait_graph import portrait_spec

__all__ = ["CONFIGS", "build", "export_module", "multiple", "spec"]


def build(config_name: str) -> Modnet:
    """Return an untrained network of the configuration "paper"."""
    return Modnet(CONFIGS[config_name])


def multiple(config_name: str) -> int:
    """Return what the sides of the network's input must be a multiple of, pixels."""
    return MULTIPLE


def export_module(model: nn.Module) -> nn.Module:
    """Return the graph of a trained network; its `forward` takes the spec's inputs in order."""
    if not isinstance(model, Modnet):
        raise TypeError(f"expected a Modnet, not a {type(model).__name__}")
    return ModnetGraph(model)


def spec(config_name: str) -> NetworkSpec:
    """Return the description of the graph, without weights.

    The instance norms make the result depend on the whole picture: no tiles.
    """
    return portrait_spec(
        CONFIGS[config_name].side_px,
        id="modnet",
        title="MODNet (portraits)",
        citation="Ke et al., MODNet: Real-Time Trimap-Free Portrait Matting via Objective "
        "Decomposition, AAAI 2022",
    )
