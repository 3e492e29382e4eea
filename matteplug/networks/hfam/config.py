"""The numbers of HFAM: one code, two configurations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HfamConfig:
    """Widths, depths and switches of an HFAM network.

    Attributes:
        encoder: "resnet", or a variant of `efficientnet_lite`; the next three are of the former.
        bottleneck: residual blocks of three convolutions (ResNet-50 and deeper) rather than two.
        layers: residual blocks of the encoder's stages E1 to E4.
        width: channels of E0; the stages' inner channels are 1, 2, 4 and 8 times as many.
        context: channels of what the semantic branch aggregates.
        mfem: which of the features f2, f3, f4 pass through a multi-scale module; the others
            through a 1×1 convolution.
        aspp: channels of each of a multi-scale module's five scales.
        dilations: of its three dilated convolutions.
        decoder: channels of the decoder blocks D4 to D0, in both branches.
        bridge: fuse low-level features by dilated convolutions (BB) rather than a 1×1 one.
        attention: let the semantic map weigh the low-level features.
        side_px: the longest side that the semantic branch sees in the exported graph.
        detail_px: the same of the detail branch; finer detail comes from the picture itself.
        calibration: the expected overlaps that stand for a confidence of 0.1, below which nothing
            was found, and of 0.5, below which a result is doubtful; by the holdout.
    """

    encoder: str = "resnet"
    bottleneck: bool = True
    layers: tuple[int, int, int, int] = (3, 4, 23, 3)
    width: int = 64
    context: int = 256
    mfem: tuple[int, ...] = (2, 3, 4)
    aspp: int = 256
    dilations: tuple[int, int, int] = (6, 12, 18)
    decoder: tuple[int, int, int, int, int] = (256, 256, 128, 64, 64)
    bridge: bool = True
    attention: bool = True
    side_px: int = 512
    detail_px: int = 1536
    calibration: tuple[float, float] = (0.1, 0.5)


PAPER = HfamConfig()
"""The published network: ResNet-101."""

COMPACT = HfamConfig(
    encoder="efficientnet-lite0",
    context=64,
    aspp=48,
    dilations=(2, 4, 8),
    decoder=(96, 64, 48, 32, 24),
    side_px=256,
    detail_px=384,
    calibration=(0.7, 0.85),
)
"""The same, made for CPUs: a small encoder, which sees pictures as large as it was trained on."""

CONFIGS = {"paper": PAPER, "compact": COMPACT}
