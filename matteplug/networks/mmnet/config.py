"""The numbers of MMNet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MmnetConfig:
    """Width of an MMNet and the size it was made for.

    Attributes:
        width: factor of all channel counts, which are rounded to multiples of 8.
        side_px: the longest side that the network sees in the exported graph.
    """

    width: float = 1.0
    side_px: int = 256


PAPER = MmnetConfig()
"""The published network, 199 thousand numbers."""

COMPACT = MmnetConfig(width=0.5)
"""The paper's smaller one: half the channels."""

CONFIGS = {"paper": PAPER, "compact": COMPACT}
