"""The numbers of DIM: one code, two public wirings."""

from __future__ import annotations

from dataclasses import dataclass

from matteplug.networks.backbones.vgg import WIDTHS


@dataclass(frozen=True, kw_only=True)
class DimConfig:
    """Widths and switches of a Deep Image Matting network.

    Attributes:
        widths: channels of the encoder's five groups.
        bottleneck: a 1×1 convolution at 1/32 on each side of the narrowest place.
        batch_norm: batch norm after every convolution, and no ReLU in the decoder, which ends in
            the first group's unpooling.
        refined: channels of the refinement; 0 for none.
    """

    widths: tuple[int, int, int, int, int] = WIDTHS
    bottleneck: bool = True
    batch_norm: bool = False
    refined: int = 64


PAPER = DimConfig()
"""The paper's network as OpenMMLab wires it, whose weights are public.

Decided: conv6 is a 1×1 convolution of 512 channels, where the paper has VGG's first
fully-connected layer as a 7×7 one of 4096 (a hundred million numbers); the refinement sees alpha in
[0, 1], where the paper feeds 255 times that, and adds to its logit.
"""

FOAMLIU = DimConfig(bottleneck=False, batch_norm=True, refined=0)
"""Another re-implementation, with batch norm, without conv6 and without refinement."""

CONFIGS = {"paper": PAPER, "foamliu": FOAMLIU}
