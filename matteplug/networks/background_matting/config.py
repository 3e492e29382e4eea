"""The hyperparameters of background matting: two configurations of the same code."""

from __future__ import annotations

from dataclasses import dataclass

CHANNELS = {"plate": 3, "segmentation": 1, "motion": 4}
"""The cues besides the image, and their channels; motion is four grey frames."""


@dataclass(frozen=True, kw_only=True)
class BackgroundMattingConfig:
    """Widths, depths and switches of a background matting network.

    Attributes:
        widths: channels of an encoder's convolutions; each but the first halves the resolution.
        selected: channels that a selector reduces a cue to.
        shared: residual blocks before alpha and foreground take separate paths.
        apart: residual blocks of each path.
        cues: which of `CHANNELS` it takes, in this order.
        public_wiring: feed the plate's features to the motion selector, as the public code does;
            the paper's wiring feeds it the motion's.
        difference: also show the plate's encoder the differences between image and plate, which
            the published network has to find by itself.
        detail: channels of a `CompositingRefiner` at full resolution; everything else then works
            at half.  0 for none, as published.
        propagation: with a refiner, propagate the reliable part of alpha by the matting Laplacian
            (see `ops.alpha_propagation`).
    """

    widths: tuple[int, ...] = (64, 128, 256)
    selected: int = 64
    shared: int = 7
    apart: int = 3
    cues: tuple[str, ...] = ("plate", "segmentation", "motion")
    public_wiring: bool = False
    difference: bool = False
    detail: int = 0
    propagation: bool = False

    @property
    def multiple(self) -> int:
        """Return what the sides must be a multiple of: four cells of the coarsest grid.

        A refiner halves its half-size pictures another five times (`refiner.HALVINGS`).
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
    propagation=True,
)
"""The same for CPUs and for stills, which have no motion: narrower, with residual blocks at 1/16;
detail that this loses comes from the refiner at full resolution."""

CONFIGS = {"paper": PAPER, "compact": COMPACT}
