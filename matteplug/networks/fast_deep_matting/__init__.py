"""Fast Deep Matting: a tiny network for portraits that needs no guide (Zhu et al., ACM MM 2017).

The package lists the family and loads nothing; `family` (torch) is for training and export.
"""

from __future__ import annotations

from matteplug.hookspecs import hookimpl
from matteplug.network import FamilySpec, Guide


@hookimpl
def matteplug_families() -> list[FamilySpec]:
    """Return the family, to train and export; no weights are public."""
    return [
        FamilySpec(
            id="fast-deep-matting",
            title="Fast Deep Matting (portraits)",
            guide=Guide.NONE,
            module="matteplug.networks.fast_deep_matting.family",
            recipe="matteplug.training.recipes.fast_deep_matting:recipe",
            licence="Apache-2.0",
        )
    ]
