"""SHM: Semantic Human Matting, for people, without a guide (Chen et al., ACM MM 2018).

The package lists the family and loads nothing; `family` (torch) is for training and export.
"""

from __future__ import annotations

from matteplug.hookspecs import hookimpl
from matteplug.network import FamilySpec, Guide


@hookimpl
def matteplug_families() -> list[FamilySpec]:
    """Return the family, to train and export; no weights that could be imported are public."""
    return [
        FamilySpec(
            id="shm",
            title="Semantic Human Matting (people)",
            guide=Guide.NONE,
            module="matteplug.networks.shm.family",
            recipe="matteplug.training.recipes.shm:recipe",
            licence="Apache-2.0",
        )
    ]
