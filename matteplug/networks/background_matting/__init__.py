"""Adversarial background matting: a network guided by a clean plate.

The package lists the specs and loads nothing; `family` (torch) is for training and export.
"""

from __future__ import annotations

from matteplug.hookspecs import hookimpl
from matteplug.network import FamilySpec, NetworkSpec, PublicCheckpoint
from matteplug.weights import default_specs


@hookimpl
def matteplug_networks() -> list[NetworkSpec]:
    """Return background matting's spec where its weights are installed."""
    return default_specs(["background-matting"])


@hookimpl
def matteplug_families() -> list[FamilySpec]:
    """Return the family, to train and export."""
    return [
        FamilySpec(
            id="background-matting",
            module="matteplug.networks.background_matting.family",
            recipe="matteplug.training.recipes.background_matting:recipe",
            licence="Apache-2.0",
            public_checkpoints=(
                PublicCheckpoint(
                    name="background-matting",
                    network_id="background-matting-public",
                    config="paper",
                    convert="matteplug.networks.background_matting.public:background_matting",
                ),
            ),
        )
    ]
