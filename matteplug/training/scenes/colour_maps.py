"""Fast arithmetic on colours: masks of three channels, and affine maps.

NumPy broadcasts (H, W, 1) over (H, W, 3) in inner loops of three, ten times slower than arrays of
one shape: masks are spread to three channels first, and colour changes are affine maps, applied in
one pass.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.training.scenes.noise import Field, Rng

ColourMap = NDArray[np.float64]
"""(3, 4): an affine map of RGB."""

IDENTITY: ColourMap = np.eye(3, 4)
GREY: ColourMap = np.pad(np.full((3, 3), 1 / 3), ((0, 0), (0, 1)))


def spread(mask: Field) -> Field:
    """Return a mask (H, W) as (H, W, 3)."""
    return cv2.merge([mask, mask, mask])


def premultiplied(colour: Field, alpha: Field) -> Field:
    """Return (H, W, 4): colours (H, W, 3) times alpha (H, W), and alpha."""
    return np.dstack([colour * spread(alpha), alpha])


def mixed(below: Field, above: Field, opacity: Field) -> Field:
    """Return `above` where opacity (H, W) is 1, `below` where it is 0, mixed in between."""
    blend: Field = below + (above - below) * spread(opacity)
    return blend


def mean(colours: Field) -> NDArray[np.float64]:
    """Return the mean colour (3,)."""
    return np.array(cv2.mean(colours)[:3])


def scaled(
    factor: float | NDArray[np.float64], offset: float | NDArray[np.float64] = 0.0
) -> ColourMap:
    """Return the map c → factor · c + offset, each a number or one number per channel."""
    change = np.zeros((3, 4))
    np.fill_diagonal(change, factor)
    change[:, 3] = offset
    return change


def then(first: ColourMap, second: ColourMap) -> ColourMap:
    """Return the map that applies `first`, then `second`."""
    chained: ColourMap = second[:, :3] @ first
    chained[:, 3] += second[:, 3]
    return chained


def recoloured(colours: Field, change: ColourMap) -> Field:
    """Apply an affine map to colours, clipped to [0, 1]."""
    changed: Field = cv2.transform(colours, change.astype(np.float32))
    return np.clip(changed, 0, 1, out=changed)


def with_similar_colours(rng: Rng, background: Field, foreground: Field, alpha: Field) -> Field:
    """Move the mean colour of a background (H, W, 3) towards the foreground's."""
    weight = alpha / max(float(alpha.sum()), 1.0)
    towards = np.einsum("hw,hwc->c", weight, foreground) - mean(background)
    return recoloured(background, scaled(1.0, towards * rng.uniform(0.3, 1.0)))
