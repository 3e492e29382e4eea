"""How far a registered plate can be trusted, and the matte that was made with it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug.guides.registration.blocks import blocks
from matteplug.images.srgb import Array, srgb_from_linear
from matteplug.types import Alpha

DOUBTED = 0.2
"""Fraction of the picture that, wrongly taken for foreground, leaves no confidence."""


AGREES = 0.03
"""Encoded difference to the plate that noise, JPEG and interpolation leave in the background."""
_EDGE_FRACTION = 0.025
"""How far an edge may be soft, as a fraction of the picture's longer side."""


class Doubts(NamedTuple):
    """What speaks against a matte that was made with a plate.

    Attributes:
        wrong: fraction of the picture that shows the plate and is called foreground.
        undecided: fraction of the picture that is neither foreground nor background, though no edge
            is near.
        apart: encoded difference to the plate in the background, the 95th percentile.
    """

    wrong: float
    undecided: float
    apart: float

    @property
    def trust(self) -> float:
        """What they leave of the confidence, 0 to 1."""
        unlike = max(0.0, self.apart - AGREES)
        return max(0.0, 1 - self.wrong / DOUBTED) / (1 + 10 * self.undecided) / (1 + 10 * unlike)

    def notes(self) -> tuple[str, ...]:
        """Return a sentence for each that is worth telling."""
        told = []
        if self.wrong > 0.02:
            told.append(f"{self.wrong:.0%} of the picture looks like the plate and is foreground.")
        if self.undecided > 0.01:
            told.append(
                f"{self.undecided:.0%} of the picture is neither foreground nor background, "
                "though no edge is near."
            )
        if self.apart > 1.5 * AGREES:
            told.append(
                "The plate's exposure, colours, noise or sharpness differ from the picture's "
                f"background by up to {self.apart:.0%}, even after they were matched."
            )
        return tuple(told)


def doubts(image: Array, plate: Array, alpha: Alpha, asked: NDArray[np.bool_]) -> Doubts:
    """Return what speaks against a matte; arguments as for `contradicted`.

    Only the pixels of `asked`, (H, W), count.
    """
    from matteplug.opencv import cv2

    soft = 4 * alpha * (1 - alpha) * asked
    inside = (alpha > 0.5).astype(np.uint8)
    if 0 < inside.sum() < inside.size:
        reach = max(3.0, _EDGE_FRACTION * max(alpha.shape))
        either = (cv2.distanceTransform(side, cv2.DIST_L2, 3) for side in (inside, 1 - inside))
        soft = soft * (np.maximum(*map(np.asarray, either)) > reach)
    background = asked & (alpha < 0.05)
    unlike = np.abs(image - plate).max(2)[background]
    return Doubts(
        contradicted(image, plate, alpha * asked),
        float(soft.mean()),
        float(np.quantile(unlike, 0.95)) if unlike.size else 0.0,
    )


def judge(image: Array, plate: Array, covered: NDArray[np.bool_], *, trust_flat: bool) -> float:
    """Return how much of the picture the plate explains, 0 to 1.

    | array | shape | dtype | range |
    |---|---|---|---|
    | image, plate | (H, W, 3) | float32 | linear light, about [0, 1] |
    | covered | (H, W) | bool | where the plate covers the image |

    A block with structure is explained when image and plate correlate in it; a flat one when their
    colours agree.  Flat blocks agree by chance between unrelated pictures, so they count a quarter,
    and nothing once a strong gain or tint was needed (`trust_flat` false).
    """
    i, p = (blocks(srgb_from_linear(np.clip(array, 0, 1)).mean(2)) for array in (image, plate))
    inside = blocks(covered.astype(np.float32)).min(1) > 0
    i0, p0 = i - i.mean(1, keepdims=True), p - p.mean(1, keepdims=True)
    deviation_i, deviation_p = np.sqrt((i0**2).mean(1)), np.sqrt((p0**2).mean(1))
    correlation = (i0 * p0).mean(1) / (deviation_i * deviation_p + 1e-6)
    structured = np.maximum(deviation_i, deviation_p) > 0.02
    close = np.abs(i.mean(1) - p.mean(1)) < 0.04
    explained = np.where(structured, correlation > 0.75, close & trust_flat)
    weight = np.where(structured, 1.0, 0.25) * inside
    if weight.sum() == 0:
        return 0.0
    fraction = float((explained * weight).sum() / weight.sum())
    return min(1.0, fraction / 0.5)


def contradicted(image: Array, plate: Array, alpha: Alpha) -> float:
    """Return the fraction of the picture, 0 to 1, that shows the plate and is called foreground.

    | array | shape | dtype | range |
    |---|---|---|---|
    | image, plate | (H, W, 3) | float32 | sRGB-encoded, [0, 1]; registered, exposures matched |
    | alpha | (H, W) | float32 | [0, 1] |

    A block shows the plate if it has the plate's texture, or if both are plain and differ little.
    """
    i, p = (blocks(array.mean(2)) for array in (image, plate))
    a = blocks(alpha).mean(1)
    if not a.size:
        return 0.0
    i0, p0 = i - i.mean(1, keepdims=True), p - p.mean(1, keepdims=True)
    deviation_i, deviation_p = i.std(1), p.std(1)
    textured = np.minimum(deviation_i, deviation_p) > 0.02
    alike = (i0 * p0).mean(1) > 0.9 * deviation_i * deviation_p
    apart = np.abs(np.stack([blocks(d).mean(1) for d in (image - plate).transpose(2, 0, 1)]))
    plain = (np.maximum(deviation_i, deviation_p) < 0.02) & (apart.max(0) < 0.12)
    return float((a * ((textured & alike) | plain)).mean())
