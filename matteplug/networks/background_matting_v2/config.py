"""The numbers of Background Matting V2: one code, three public backbones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class BackgroundMattingV2Config:
    """Widths and switches of a Background Matting V2 network.

    Attributes:
        layers: residual blocks of the backbone's stages; empty for a MobileNetV2.
        width: factor of the backbone's channel counts.
        context: channels of the spatial pyramid pooling.
        decoder: channels of the decoder's first three steps.
        hidden: channels that the base network hands to the refiner.
        refined: whether there is a refiner; without one this is the base network.
        threshold: the exported graph refines where the expected error exceeds this.
    """

    layers: tuple[int, ...] = (3, 4, 6, 3)
    width: float = 1.0
    context: int = 256
    decoder: tuple[int, int, int] = (128, 64, 48)
    hidden: int = 32
    refined: bool = True
    threshold: float = 0.1


PAPER = BackgroundMattingV2Config()
"""The published network: ResNet-50."""

RESNET101 = BackgroundMattingV2Config(layers=(3, 4, 23, 3))
COMPACT = BackgroundMattingV2Config(layers=())
"""The published network for speed: MobileNetV2."""

CONFIGS = {"paper": PAPER, "compact": COMPACT, "resnet101": RESNET101}
