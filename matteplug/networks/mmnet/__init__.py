"""MMNet: a small network for portraits that needs no guide (Seo et al., 2019).

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
            id="mmnet",
            title="MMNet (portraits)",
            guide=Guide.NONE,
            module="matteplug.networks.mmnet.family",
            recipe="matteplug.training.recipes.mmnet:recipe",
            licence="Apache-2.0",
            public_checkpoints=(
                PublicCheckpoint(
                    name="mmnet",
                    network_id="mmnet",
                    config="paper",
                    convert="matteplug.networks.mmnet.public:mmnet",
                    source="no weights are published; one's own training with the code of "
                    "github.com/hyperconnect/MMNet, as a PyTorch state dict",
                    licence="yours; the code is Apache-2.0",
                ),
            ),
        )
    ]
