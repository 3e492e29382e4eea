"""The numbers of background matting: one code, two configurations."""

from __future__ import annotations

from dataclasses import dataclass

CHANNELS = {"plate": 3, "segmentation": 1, "motion": 4}
"""The cues beside the image, and their channels; motion is four grey frames."""


@dataclass(frozen=True, kw_only=True)
class BackgroundMattingConfig:
    """Widths, depths and switches of a background matting network.

    Attributes:
        widths: channels of an encoder's convolutions; each but the first halves the resolution.
        selected: channels that a selector leaves of a cue.
        shared: residual blocks before the paths of alpha and foreground part.
        apart: residual blocks of each path.
        cues: which of `CHANNELS` it takes, in this order.
        public_wiring: let the motion selector see the plate's features, as the public code does;
            the paper's wiring gives it the motion's.
        difference: show the plate's encoder the image's differences to the plate too, which the
            published network has to find by itself.
        detail: channels of a `Refinement` at full resolution, under which everything else works at
            half; 0 for none, as published.
        settle: with a refinement, let what it trusts of its alpha spread by the matting Laplacian
            (see `networks.settling`).
    """

    widths: tuple[int, ...] = (64, 128, 256)
    selected: int = 64
    shared: int = 7
    apart: int = 3
    cues: tuple[str, ...] = ("plate", "segmentation", "motion")
    public_wiring: bool = False
    difference: bool = False
    detail: int = 0
    settle: bool = False

    @property
    def multiple(self) -> int:
        """Return what the sides must be a multiple of: four cells of the coarsest grid.

        A refinement halves its half-size pictures as often as `spreading.LEVELS` says.
        """
        return max(4 * self.stride, 64 if self.detail else 1)

    @property
    def stride(self) -> int:
        """Return the coarsest grid's cell in pixels."""
        return int(2 ** (len(self.widths) - 1)) * (2 if self.detail else 1)


PAPER = BackgroundMattingConfig()
"""The published network."""

COMPACT = BackgroundMattingConfig(
    widths=(16, 32, 64, 128),
    selected=32,
    shared=4,
    apart=2,
    cues=("plate", "segmentation"),
    difference=True,
    detail=24,
    settle=True,
)
"""The same, made for CPUs: narrower, residual blocks at 1/16, for stills, which have no motion;
what that cannot carry is refined at full resolution."""

CONFIGS = {"paper": PAPER, "compact": COMPACT}
