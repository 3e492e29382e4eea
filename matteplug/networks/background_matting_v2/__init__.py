"""Background Matting V2: a network guided by a clean plate (Lin et al., CVPR 2021).

The package lists the family and loads nothing; `family` (torch) is for training and export.
"""

from __future__ import annotations

from matteplug.hookspecs import hookimpl
from matteplug.network import FamilySpec, Guide, PublicCheckpoint


@hookimpl
def matteplug_families() -> list[FamilySpec]:
    """Return the family, to import, train and export."""
    return [
        FamilySpec(
            id="background-matting-v2",
            title="Background Matting V2 (plate)",
            guide=Guide.PLATE,
            module="matteplug.networks.background_matting_v2.family",
            recipe="matteplug.training.recipes.background_matting_v2:recipe",
            licence="Apache-2.0",
            public_checkpoints=(
                PublicCheckpoint(
                    name="background-matting-v2",
                    network_id="background-matting-v2",
                    config="paper",
                    convert="matteplug.networks.background_matting_v2.public:background_matting_v2",
                    source="pytorch_mobilenetv2.pth, pytorch_resnet50.pth or pytorch_resnet101.pth "
                    "of release v1.0.0 of github.com/PeterL1n/BackgroundMattingV2",
                    licence="MIT",
                    commercial="yes",
                ),
            ),
        )
    ]
