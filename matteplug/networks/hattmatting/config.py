"""The numbers of HAttMatting: one code, two configurations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HattConfig:
    """Widths and depths of an HAttMatting network.

    Attributes:
        layers: residual blocks of the encoder's four stages.
        width: channels of its first convolution.
        groups, group_width: of its 3×3 convolutions.
        context: channels of the distilled features.
        dilations: of the pyramid pooling.
        side_px: the longest side that the network sees in the exported graph.
    """

    layers: tuple[int, int, int, int] = (3, 4, 23, 3)
    width: int = 64
    groups: int = 32
    group_width: int = 4
    context: int = 256
    dilations: tuple[int, int, int] = (6, 12, 18)
    side_px: int = 1024


PAPER = HattConfig()
"""The paper's network: ResNeXt-101 32×4d at an output stride of 16.

Decided: the widths of everything behind the encoder; no code or weights of its authors are public.
"""

COMPACT = HattConfig(layers=(3, 4, 6, 3), groups=1, group_width=64)
"""The same on ResNet-50."""

CONFIGS = {"paper": PAPER, "compact": COMPACT}
