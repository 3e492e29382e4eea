"""An option, described once, and its use."""

from dataclasses import dataclass

import numpy as np

from matteplug import MatteOptions
from matteplug.options import option
from matteplug.types import Alpha


@dataclass(frozen=True, kw_only=True)
class Sharper(MatteOptions):
    """The options of a matte, and one more."""

    sharpen: int = option(
        0,
        label="Sharpen",
        help="How much sharper the edge gets",
        low=0,
        high=9,
    )


def sharpened(alpha: Alpha, options: Sharper) -> Alpha:
    """Return alpha, (H, W) float32 [0, 1], with its edges steeper by the option; 0 keeps it."""
    steeper: Alpha = np.clip((alpha - 0.5) * (1 + options.sharpen) + 0.5, 0, 1)
    return steeper
