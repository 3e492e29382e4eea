"""What training, export and the registry need to know about CITM."""

from __future__ import annotations

from torch import nn

from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.networks.citm.config import CONFIGS
from matteplug.networks.citm.graph import CitmGraph
from matteplug.networks.citm.model import MULTIPLE, Citm

__all__ = ["CONFIGS", "build", "export_module", "multiple", "spec"]


def build(config_name: str) -> Citm:
    """Return an untrained network of the configuration "paper", "compact" or "compact-swin"."""
    return Citm(CONFIGS[config_name])


def multiple(config_name: str) -> int:
    """Return what the sides of the network's input must be a multiple of, pixels."""
    return MULTIPLE


def export_module(model: nn.Module) -> nn.Module:
    """Return the graph of a trained network; its `forward` takes the spec's inputs in order."""
    if not isinstance(model, Citm):
        raise TypeError(f"expected a Citm, not a {type(model).__name__}")
    return CitmGraph(model)


def spec(config_name: str) -> NetworkSpec:
    """Return the description of the graph, without weights."""
    return NetworkSpec(
        id="citm",
        title="CITM (trimap)",
        guide=Guide.TRIMAP,
        inputs=(
            TensorSpec(name="image", role="image", channels=3, high=255.0),
            TensorSpec(name="trimap", role="trimap", channels=1, high=255.0),
        ),
        outputs=(TensorSpec(name="alpha", role="alpha", channels=1),),
        # Context beyond it comes from the coarser level (`matteplug.matting.coarse_to_fine`): 16,
        # 24, 32 and 64 gave the compact network the same error.
        overlap_px=64 if config_name == "paper" else 16,
        mib_fixed=0.0 if config_name == "paper" else 20.0,  # by benchmarks/memory.py
        mib_per_megapixel={"paper": 0.0, "compact": 500.0}.get(config_name, 590.0),
        citation="Wang et al., Research on image matting method based on context enhancement, "
        "2026, doi:10.20169/j.issn.2095-2163.25092502",
    )
