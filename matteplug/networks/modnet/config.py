"""The numbers of MODNet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ModnetConfig:
    """Widths of a MODNet.

    Attributes:
        width: factor of the backbone's channel counts.
        low: channels of the low-resolution branch at 1/16 and 1/8.
        high: channels of the high-resolution branch.
        fused: channels of the fusion at full size.
        side_px: the exported graph works on pictures whose shorter side is about this.
    """

    width: float = 1.0
    low: tuple[int, int] = (96, 32)
    high: int = 32
    fused: int = 16
    side_px: int = 512


PAPER = ModnetConfig()
"""The released network, 6.5 million parameters.

Decided: the wiring of the released code and weights, which have a squeeze-and-excitation block; the
e-ASPP of the paper's last version is in no public weights.
"""

CONFIGS = {"paper": PAPER}
