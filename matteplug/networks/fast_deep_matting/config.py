"""The numbers of Fast Deep Matting."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FastDeepMattingConfig:
    """Widths of a Fast Deep Matting network.

    Attributes:
        width: channels of each of the light dense block's layers.
        dilations: of its layers.
        feathering: channels of the feathering block's hidden layer.
        side_px: the longest side that the network sees in the exported graph.
    """

    width: int = 16
    dilations: tuple[int, ...] = (2, 4, 6, 8)
    feathering: int = 32
    side_px: int = 256


PAPER = FastDeepMattingConfig()
"""The published network.

Decided: channel counts and dilations follow the paper's figures as recalled, not checked against
them; no code or weights of its authors are public.
"""

CONFIGS = {"paper": PAPER}
