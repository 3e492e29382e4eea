"""What training, export and the registry need to know about background matting."""

from __future__ import annotations

from torch import nn

from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.networks.background_matting.config import CHANNELS, CONFIGS
from matteplug.networks.background_matting.graph import BackgroundMattingGraph
from matteplug.networks.background_matting.model import BackgroundMatting

__all__ = ["CONFIGS", "build", "export_module", "multiple", "spec"]


def build(config_name: str) -> BackgroundMatting:
    """Return an untrained network of the configuration "paper" or "compact"."""
    return BackgroundMatting(CONFIGS[config_name])


def multiple(config_name: str) -> int:
    """Return what the sides of the network's input must be a multiple of, pixels."""
    return CONFIGS[config_name].multiple


def export_module(model: nn.Module) -> nn.Module:
    """Return the graph of a trained network; its `forward` takes the spec's inputs in order."""
    if not isinstance(model, BackgroundMatting):
        raise TypeError(f"expected a BackgroundMatting, not a {type(model).__name__}")
    return BackgroundMattingGraph(model)


def spec(config_name: str) -> NetworkSpec:
    """Return the description of the graph, without weights."""
    config = CONFIGS[config_name]
    roles = {"image": 3} | {cue: CHANNELS[cue] for cue in config.cues}
    reach_px = 2 * (config.shared + config.apart) * config.stride
    return NetworkSpec(
        id="background-matting",
        title="Background matting (plate)",
        guide=Guide.PLATE,
        inputs=tuple(
            TensorSpec(name=role, role=role, channels=channels, high=255.0)
            for role, channels in roles.items()
        ),
        outputs=(
            TensorSpec(name="alpha", role="alpha", channels=1),
            TensorSpec(name="foreground", role="foreground", channels=3),
        ),
        overlap_px=reach_px + 16,
        edge_band_fraction=0.002,
        # propagated alpha is seldom exactly 0 or 1
        soft_threshold=0.15 if config.propagation else NetworkSpec.soft_threshold,
        mib_fixed=5.0 if config_name == "compact" else 0.0,  # by benchmarks/memory.py
        mib_per_megapixel=385.0 if config_name == "compact" else 0.0,
        citation="Sengupta et al., Background Matting: The World Is Your Green Screen, CVPR 2020",
    )
