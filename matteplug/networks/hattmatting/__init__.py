"""HAttMatting: hierarchical attention, a network that needs no guide (Qiao et al., CVPR 2020).

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
            id="hattmatting",
            title="HAttMatting (any foreground object)",
            guide=Guide.NONE,
            module="matteplug.networks.hattmatting.family",
            recipe="matteplug.training.recipes.hattmatting:recipe",
            licence="Apache-2.0",
        )
    ]
