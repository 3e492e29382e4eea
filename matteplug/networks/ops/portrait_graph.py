"""The graph that hosts run of a network without a guide: 0–255 in, alpha out, at any size."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.networks.ops.padding import replicate_to_multiple
from matteplug.networks.ops.resizing import bounded, resize


class PortraitGraph(nn.Module):
    """Shrink what is larger than the network was made for, pad, network, enlarge.

    Args:
        model: takes an image (B, 3, H, W) in [0, 1] and returns alpha (B, 1, H, W); put in eval
            mode.
        multiple: of the sides that it takes.
        side_px: the longest side that it sees.
    """

    def __init__(self, model: nn.Module, multiple: int, side_px: int) -> None:
        super().__init__()
        self.model = model.eval()
        self.multiple = multiple
        self.side_px = side_px

    def forward(self, image: Tensor) -> Tensor:
        """Compute the matte.

        =====  ============  =======  =============
        name   shape         dtype    range
        =====  ============  =======  =============
        image  (B, 3, H, W)  float32  0 to 255, RGB
        alpha  (B, 1, H, W)  float32  0 to 1
        =====  ============  =======  =============
        """
        height, width = image.shape[2:]
        small = bounded(image / 255, self.side_px)
        alpha: Tensor = self.model(replicate_to_multiple(small, self.multiple))
        alpha = alpha[:, :, : small.shape[2], : small.shape[3]]
        return resize(alpha, height, width).clamp(0, 1)


def portrait_spec(side_px: int, **described: Any) -> NetworkSpec:
    """Return the description of such a graph, without weights: image in, alpha out, no tiles.

    Args:
        side_px: the side that the network sees; three of its pixels are the edge's band.
        described: id, title, citation and whatever else differs from the defaults.
    """
    return NetworkSpec(
        guide=Guide.NONE,
        inputs=(TensorSpec(name="image", role="image", channels=3, high=255.0),),
        outputs=(TensorSpec(name="alpha", role="alpha", channels=1),),
        tiling=False,
        edge_band_fraction=3 / side_px,
        **described,
    )
