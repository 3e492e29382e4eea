"""DIM: Deep Image Matting, a network guided by a trimap (Xu et al., CVPR 2017).

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
            id="dim",
            title="Deep Image Matting (trimap)",
            guide=Guide.TRIMAP,
            module="matteplug.networks.dim.family",
            recipe="matteplug.training.recipes.dim:recipe",
            licence="Apache-2.0",
            public_checkpoints=(
                PublicCheckpoint(
                    name="dim",
                    network_id="dim",
                    config="paper",
                    convert="matteplug.networks.dim.public:dim",
                    source="dim_stage3_v16_pln_1x1_1000k_comp1k_SAD-50.6_20200609_111851-647f24b6"
                    ".pth, see configs/mattors/dim of github.com/open-mmlab/mmediting",
                    licence="non-commercial: trained on Adobe's Composition-1k, whose licence says "
                    "so; the code is Apache-2.0",
                    commercial="no",
                ),
                PublicCheckpoint(
                    name="dim-foamliu",
                    network_id="dim-foamliu",
                    config="foamliu",
                    convert="matteplug.networks.dim.public:foamliu",
                    source="a state dict of the network in release v1.0 of "
                    "github.com/foamliu/Deep-Image-Matting-PyTorch; BEST_checkpoint.tar itself "
                    "holds code and is refused",
                    licence="non-commercial: trained on Adobe's Composition-1k, whose licence says "
                    "so; the code is MIT",
                    commercial="no",
                ),
            ),
        )
    ]
