"""The table of the network families that can be built, trained and exported here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from matteplug.errors import NetworkError
from matteplug.network import NetworkSpec

if TYPE_CHECKING:
    from torch import nn

FAMILIES = {
    "citm": "matteplug.networks.citm.family",
    "hfam": "matteplug.networks.hfam.family",
    "background-matting": "matteplug.networks.background_matting.family",
}
"""Network id to the dotted name of the module that is its `Family`."""


class Family(Protocol):
    """What a family's module has; importing it imports torch."""

    CONFIGS: Mapping[str, Any]

    def build(self, config_name: str) -> nn.Module:
        """Return an untrained network."""

    def multiple(self, config_name: str) -> int:
        """Return what the sides of the network's input must be a multiple of, pixels."""

    def export_module(self, model: nn.Module) -> nn.Module:
        """Return the graph that hosts run: inputs in the spec's order and range."""

    def spec(self, config_name: str) -> NetworkSpec:
        """Return the graph's description, without weights."""


def family(network_id: str, config_name: str | None = None) -> Family:
    """Import a family's module.

    Args:
        network_id: "citm", "hfam" or "background-matting".
        config_name: if given, must be one of its configurations.

    Raises:
        NetworkError: unknown family or configuration.
    """
    if network_id not in FAMILIES:
        raise NetworkError(
            "family-unknown",
            f"No network that can be trained is called {network_id!r}.",
            f"Known: {', '.join(sorted(FAMILIES))}.",
        )
    module = cast(Family, import_module(FAMILIES[network_id]))
    if config_name is not None and config_name not in module.CONFIGS:
        raise NetworkError(
            "config-unknown",
            f"{network_id} has no configuration {config_name!r}.",
            f"Known: {', '.join(sorted(module.CONFIGS))}.",
        )
    return module
