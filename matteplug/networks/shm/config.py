"""The numbers of Semantic Human Matting: one code, two configurations."""

from __future__ import annotations

from dataclasses import dataclass

from matteplug.networks.backbones.vgg import WIDTHS


@dataclass(frozen=True, kw_only=True)
class ShmConfig:
    """Widths and switches of a Semantic Human Matting network.

    Attributes:
        light: T-Net is a MobileNetV2 with a decoder of sums, M-Net a short encoder-decoder.
        layers: residual blocks of T-Net's stages, where it is a PSPNet.
        width: factor of T-Net's channel counts.
        pyramid: channels of each level of the PSPNet's pyramid pooling.
        matting: channels of M-Net: VGG's five groups, or the light one's four steps.
        side_px: the longest side that the network sees in the exported graph.
    """

    light: bool = False
    layers: tuple[int, int, int, int] = (3, 4, 6, 3)
    width: float = 1.0
    pyramid: int = 512
    matting: tuple[int, ...] = WIDTHS
    side_px: int = 800


PAPER = ShmConfig()
"""The paper's network: PSPNet on ResNet-50, and VGG-16 with unpooling.

Decided: the classes are background, unknown, foreground, as everywhere here, and M-Net sees their
softmax; pictures are normalised as ImageNet's; α_r ends in a sigmoid.
"""

COMPACT = ShmConfig(light=True, matting=(16, 32, 64, 128), side_px=320)
"""The light variant of re-implementers: MobileNetV2 at full resolution.

Decided: its MobileNetV2 is the common one with a first stride of 1, without their biases.
"""

CONFIGS = {"paper": PAPER, "compact": COMPACT}
