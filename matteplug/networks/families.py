"""The families of networks that can be built, trained and exported.

Each is one `matteplug.network.FamilySpec` that a plug-in returns from the hook
`matteplug_families`; the built-in ones use the same hook.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from matteplug import plugins
from matteplug.errors import NetworkError, PluginError, known_names
from matteplug.network import NetworkSpec

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Family", "family"]


class Family(Protocol):
    """The contents of a family's module; importing it imports torch."""

    CONFIGS: Mapping[str, Any]
    """The configurations by name; see `default_config` for which is trained."""

    def build(self, config_name: str) -> nn.Module:
        """Return an untrained network."""

    def multiple(self, config_name: str) -> int:
        """Return what the sides of the network's input must be a multiple of, pixels."""

    def export_module(self, model: nn.Module) -> nn.Module:
        """Return the graph that hosts run: inputs in the spec's order and range."""

    def spec(self, config_name: str) -> NetworkSpec:
        """Return the graph's description, without weights."""


_PARTS = ("CONFIGS", "build", "multiple", "export_module", "spec")


def family(network_id: str, config_name: str | None = None) -> Family:
    """Import a family's module.

    Args:
        network_id: the family's id, for example "citm".
        config_name: if given, must be one of its configurations.

    Raises:
        NetworkError: unknown family or configuration.
        PluginError: the module cannot be imported, or lacks a part of `Family`.
    """
    dotted = plugins.registry().family(network_id).module
    module = cast(Family, plugins.resolve(dotted))
    missing = [name for name in _PARTS if not hasattr(module, name)]
    if missing:
        raise PluginError(
            "family-incomplete",
            f"{dotted}, the family {network_id!r}, has no {' and no '.join(missing)}.",
            "See matteplug.networks.families.Family for what a family's module has.",
        )
    if config_name is not None and config_name not in module.CONFIGS:
        raise NetworkError(
            "config-unknown",
            f"{network_id} has no configuration {config_name!r}.",
            known_names(config_name, sorted(module.CONFIGS)),
        )
    return module


def default_config(network_id: str) -> str:
    """Return the configuration that is trained unless another is named.

    It is "compact", or the first one of a family that has none of this name.

    Raises:
        NetworkError: unknown family.
        PluginError: as `family`.
    """
    configs = family(network_id).CONFIGS
    return "compact" if "compact" in configs else next(iter(configs))
