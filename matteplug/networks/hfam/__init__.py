"""HFAM: hierarchical feature aggregation, a network that needs no guide.

The package lists the specs and loads nothing; `family` (torch) is for training and export.
"""

from __future__ import annotations

from matteplug.hookspecs import hookimpl
from matteplug.network import FamilySpec, NetworkSpec
from matteplug.weights import default_specs


@hookimpl
def matteplug_networks() -> list[NetworkSpec]:
    """Return HFAM's spec where its weights are installed."""
    return default_specs(["hfam"])


@hookimpl
def matteplug_families() -> list[FamilySpec]:
    """Return the family, to train and export."""
    return [
        FamilySpec(
            id="hfam",
            module="matteplug.networks.hfam.family",
            recipe="matteplug.training.recipes.hfam:recipe",
            licence="Apache-2.0",
        )
    ]
