"""CITM: cross-layer information transmission, a network guided by a trimap.

The package lists the specs and loads nothing; `family` (torch) is for training and export.
"""

from __future__ import annotations

from matteplug.hookspecs import hookimpl
from matteplug.network import FamilySpec, NetworkSpec, PublicCheckpoint
from matteplug.weights import default_specs


@hookimpl
def matteplug_networks() -> list[NetworkSpec]:
    """Return CITM's spec where its weights are installed."""
    return default_specs(["citm"])


@hookimpl
def matteplug_families() -> list[FamilySpec]:
    """Return the family, to train and export."""
    return [
        FamilySpec(
            id="citm",
            module="matteplug.networks.citm.family",
            recipe="matteplug.training.recipes.citm:recipe",
            licence="Apache-2.0",
            public_checkpoints=(
                PublicCheckpoint(
                    name="matteformer",
                    network_id="matteformer",
                    config="paper",
                    convert="matteplug.networks.citm.public:matteformer",
                ),
            ),
        )
    ]
