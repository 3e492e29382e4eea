"""The hyperparameters of CITM: the published network, and one for CPUs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CitmConfig:
    """Widths, depths and switches of a CITM network.

    Attributes:
        embed: channels of the patch embedding; they double from stage to stage.
        depths: Swin blocks of each stage.
        heads: attention heads of each stage.
        window: side of the attention window, in tokens.
        mlp_ratio: hidden width of a block's MLP over its channels.
        memory: pass prior tokens from stage to stage (CLPM); without it this is MatteFormer.
        shortcuts: channels of the shortcuts at output stride `detail`, 2, 4, 8, 16 and 32.
        decoder: channels of the decoder at output stride 16, 8, 4 and 2.
        blocks: residual blocks of each decoder layer.
        head: hidden channels of the alpha heads.
        detail: 1 or 2; with 2 the finest shortcut and head work at half resolution, the four
            pixels of a square stacked as channels.
        spectral_norm: normalise the convolutions of shortcuts and decoder while training.
        priors: colour priors computed in the graph (see `priors`); the heads then correct their
            alpha.
        propagation: a last step in which the reliable part of alpha is propagated by the matting
            Laplacian (see `ops.alpha_propagation`).
        refine_px: widths of the uncertain area's dilation, output stride 8 to 4 and 4 to 1.
    """

    embed: int = 96
    depths: tuple[int, int, int, int] = (2, 2, 6, 2)
    heads: tuple[int, int, int, int] = (3, 6, 12, 24)
    window: int = 7
    mlp_ratio: float = 4.0
    memory: bool = True
    shortcuts: tuple[int, int, int, int, int, int] = (32, 32, 64, 128, 256, 512)
    decoder: tuple[int, int, int, int] = (256, 128, 64, 32)
    blocks: tuple[int, int, int, int] = (2, 3, 3, 2)
    head: int = 32
    detail: int = 1
    spectral_norm: bool = True
    priors: tuple[str, ...] = ()
    propagation: bool = False
    refine_px: tuple[int, int] = (15, 7)

    @property
    def finest(self) -> int:
        """Return the output stride of the finest head's features."""
        return self.detail

    @property
    def widths(self) -> tuple[int, int, int, int]:
        """Return the channels of the four stages."""
        return self.embed, 2 * self.embed, 4 * self.embed, 8 * self.embed


@dataclass(frozen=True, kw_only=True)
class CompactConfig:
    """Widths, depths and switches of a CITM network for CPUs.

    Attributes:
        widths: channels of the stages at output stride 4, 8, 16 and 32, in encoder and decoder.
        convolutions: residual blocks of two 3×3 convolutions in each stage of the encoder.
        depths: blocks with prior tokens in each stage, after those.
        heads: attention heads of each stage.
        window: side of the attention window, in tokens.
        mlp_ratio: hidden width of a block's MLP over its channels.
        memory: pass prior tokens from stage to stage (CLPM).
        blocks: residual blocks of the decoder at output stride 4, 8 and 16.
        features: variant of `efficientnet_lite` whose frozen features join the encoder at output
            stride 8, 16 and 32; "" for none.
        priors: see `priors`; the heads correct their alpha.
        propagation: as in `CitmConfig`.
        refine_px: as in `CitmConfig`.
    """

    widths: tuple[int, int, int, int] = (64, 128, 192, 256)
    convolutions: tuple[int, int, int, int] = (1, 2, 1, 0)
    depths: tuple[int, int, int, int] = (0, 0, 2, 1)
    heads: tuple[int, int, int, int] = (2, 4, 6, 8)
    window: int = 8
    mlp_ratio: float = 2.0
    memory: bool = True
    blocks: tuple[int, int, int] = (1, 1, 1)
    features: str = "efficientnet-lite0"
    priors: tuple[str, ...] = ("colours", "table", "likeness", "propagation")
    propagation: bool = True
    refine_px: tuple[int, int] = (15, 7)
    finest = 2


PAPER = CitmConfig()
"""The published network."""

COMPACT_SWIN = CitmConfig(
    embed=32,
    depths=(1, 2, 4, 2),
    heads=(1, 2, 4, 8),
    window=8,
    shortcuts=(32, 32, 32, 64, 96, 192),
    decoder=(96, 64, 32, 32),
    blocks=(1, 1, 1, 1),
    head=32,
    detail=2,
    spectral_norm=False,
    priors=("colours", "table", "propagation"),
    propagation=True,
)
"""The published network with fewer channels, and priors: what the compact one is measured against.

Window 8 divides the stages of a crop of 256 pixels.
"""

COMPACT = CompactConfig()
"""For CPUs: convolutions where maps are large, attention where they are small."""

CONFIGS: Mapping[str, CitmConfig | CompactConfig] = {
    "paper": PAPER,
    "compact": COMPACT,
    "compact-swin": COMPACT_SWIN,
}
