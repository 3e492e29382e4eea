"""MODNet: a network for portraits that needs no guide (Ke et al., AAAI 2022).

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
            id="modnet",
            title="MODNet (portraits)",
            guide=Guide.NONE,
            module="matteplug.networks.modnet.family",
            recipe="matteplug.training.recipes.modnet:recipe",
            licence="Apache-2.0",
            public_checkpoints=(
                PublicCheckpoint(
                    name="modnet",
                    network_id="modnet",
                    config="paper",
                    convert="matteplug.networks.modnet.public:modnet",
                    source="modnet_photographic_portrait_matting.ckpt or "
                    "modnet_webcam_portrait_matting.ckpt, see pretrained/README.md of "
                    "github.com/ZHKKKe/MODNet",
                    licence="Apache-2.0",
                    commercial="yes",
                ),
            ),
        )
    ]
