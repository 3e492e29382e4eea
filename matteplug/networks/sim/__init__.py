"""SIM: Semantic Image Matting, guided by a trimap and by patterns (Sun et al., CVPR 2021).

The package lists the family and loads nothing; `family` (torch) is for training and export.
"""

from __future__ import annotations

from matteplug.hookspecs import hookimpl
from matteplug.network import FamilySpec, Guide


@hookimpl
def matteplug_families() -> list[FamilySpec]:
    """Return the family, to train and export; the public weights have no licence."""
    return [
        FamilySpec(
            id="sim",
            title="Semantic Image Matting (trimap)",
            guide=Guide.TRIMAP,
            module="matteplug.networks.sim.family",
            recipe="matteplug.training.recipes.sim:recipe",
            licence="Apache-2.0",
        )
    ]
