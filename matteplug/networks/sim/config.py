"""The numbers of Semantic Image Matting."""

from __future__ import annotations

from dataclasses import dataclass

PATTERNS = (
    "defocus",
    "fire",
    "fur",
    "glass_ice",
    "hair_easy",
    "hair_hard",
    "insect",
    "motion",
    "net",
    "plant_flower",
    "plant_leaf",
    "plant_tree",
    "plastic_bag",
    "sharp",
    "smoke_cloud",
    "spider_web",
    "texture_holed",
    "texture_smooth",
    "water_drop",
    "water_spray",
)
"""The classes of its data set: what an unknown area's alpha is like."""


@dataclass(frozen=True, kw_only=True)
class SimConfig:
    """Widths of a Semantic Image Matting network.

    Attributes:
        layers: residual blocks of the encoder's four stages.
        width: channels of its first convolution.
        context: channels of the pyramid pooling's levels and of the decoder's first steps.
        fine: channels of the decoder at 1/2, and of its two layers at full size.
        classifier: channels of the pattern classifier's first convolution.
    """

    layers: tuple[int, int, int, int] = (3, 4, 6, 3)
    width: int = 64
    context: int = 256
    fine: tuple[int, int, int] = (64, 32, 16)
    classifier: int = 64


PAPER = SimConfig()
"""The published network.

Decided: everything that the paper's abstract, figures and readme leave open: the classifier is a
ResNet-18; the encoder a ResNet-50 with group norm and weight standardisation at an output stride of
8; the decoder's widths.  The authors' code and weights have no licence and were not used.
"""

CONFIGS = {"paper": PAPER}
