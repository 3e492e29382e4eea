"""The field's four error metrics for mattes: SAD, MSE, gradient and connectivity.

Rhemann et al., "A perceptually motivated online benchmark for image matting", CVPR 2009, with the
constants of the evaluation code that comes with Composition-1k.  docs/evaluation.md states the
convention in words.

| name       | shape  | dtype            | range                                               |
|------------|--------|------------------|-----------------------------------------------------|
| truth      | (H, W) | float or uint8   | [0, 1], or [0, 255] for uint8                       |
| prediction | (H, W) | float or uint8   | likewise                                            |
| area       | (H, W) | bool             | pixels that count; None for the whole picture       |
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from matteplug.types import UNKNOWN

GRADIENT_SIGMA = 1.4
CONNECTIVITY_STEP = 0.1
CONNECTIVITY_THETA = 0.15
THOUSAND = 1000.0


class Count(str, Enum):
    """Which pixels SAD and MSE sum over if there is a trimap.

    Grad and Conn always count the unknown area, and MSE always divides by its number of pixels.
    """

    UNKNOWN = "unknown"
    """The unknown area alone."""
    PICTURE = "picture"
    """The whole picture: an error in the known area counts too."""


@dataclass(frozen=True, kw_only=True)
class Errors:
    """The errors of one alpha against the truth; smaller is better.

    Attributes:
        sad: sum of absolute differences / 1000.
        mse: sum of squared differences over the number of pixels that count (not × 10³).
        grad: sum of squared differences of the gradient's magnitude / 1000.
        conn: connectivity error / 1000.
    """

    sad: float
    mse: float
    grad: float
    conn: float


def measure(
    truth: NDArray[np.generic],
    prediction: NDArray[np.generic],
    trimap: NDArray[np.uint8] | None = None,
    count: Count = Count.UNKNOWN,
) -> Errors:
    """Measure all four errors of an alpha, unchanged: nothing is clipped or repaired.

    Args:
        truth: (H, W), see the module's table.
        prediction: (H, W), likewise.
        trimap: (H, W) uint8 of 0, 128 and 255; None if the whole picture counts.
        count: which pixels SAD and MSE sum over; ignored without a trimap.

    Raises:
        ValueError: the sizes differ, or the trimap has no unknown pixel.
    """
    truth, prediction = _unit(truth), _unit(prediction)
    if truth.shape != prediction.shape or (trimap is not None and trimap.shape != truth.shape):
        raise ValueError("truth, prediction and trimap must have the same size")
    unknown = None if trimap is None else trimap == UNKNOWN
    if unknown is not None and not unknown.any():
        raise ValueError("the trimap has no unknown pixel")
    pixels = truth.size if unknown is None else int(np.count_nonzero(unknown))
    summed = unknown if count is Count.UNKNOWN else None
    return Errors(
        sad=sad(truth, prediction, summed),
        mse=squared_error(truth, prediction, summed) / pixels,
        grad=gradient_error(truth, prediction, unknown),
        conn=connectivity_error(truth, prediction, unknown),
    )


def sad(
    truth: NDArray[np.generic],
    prediction: NDArray[np.generic],
    area: NDArray[np.bool_] | None = None,
) -> float:
    """Return the sum of absolute differences / 1000."""
    return _total(np.abs(_unit(truth) - _unit(prediction)), area) / THOUSAND


def squared_error(
    truth: NDArray[np.generic],
    prediction: NDArray[np.generic],
    area: NDArray[np.bool_] | None = None,
) -> float:
    """Return the sum of squared differences; over the number of pixels it is the MSE."""
    return _total((_unit(truth) - _unit(prediction)) ** 2, area)


def gradient_error(
    truth: NDArray[np.generic],
    prediction: NDArray[np.generic],
    area: NDArray[np.bool_] | None = None,
    sigma: float = GRADIENT_SIGMA,
) -> float:
    """Return the sum of squared differences between the gradients' magnitudes / 1000.

    Gradients are responses to first derivatives of a Gaussian, each filter of unit energy, borders
    repeated. Both alphas are first stretched to [0, 1], as the field's code does; for an alpha that
    reaches 0 and 1 that changes nothing.
    """
    difference = _gradient(_unit(truth), sigma) - _gradient(_unit(prediction), sigma)
    return _total(difference**2, area) / THOUSAND


def connectivity_error(
    truth: NDArray[np.generic],
    prediction: NDArray[np.generic],
    area: NDArray[np.bool_] | None = None,
    step: float = CONNECTIVITY_STEP,
) -> float:
    """Return the sum of differences in connectedness to the common opaque region / 1000.

    At each threshold the common region is the largest four-connected component of the pixels where
    both alphas reach it.  A pixel's level is the highest threshold at which it still belongs there;
    an alpha that exceeds the level by less than `CONNECTIVITY_THETA` counts as connected.
    """
    truth, prediction = _unit(truth), _unit(prediction)
    level = np.full(truth.shape, -1.0)
    thresholds = np.arange(0, 1 + step, step)
    for below, threshold in pairwise(thresholds):
        common = _largest_component((truth >= threshold) & (prediction >= threshold))
        level[(level == -1.0) & ~common] = below
    level[level == -1.0] = 1.0
    difference = _connectedness(truth - level) - _connectedness(prediction - level)
    return _total(np.abs(difference), area) / THOUSAND


def _connectedness(excess: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 - excess * (excess >= CONNECTIVITY_THETA)


def _largest_component(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from matteplug.opencv import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    sizes = stats[1:, cv2.CC_STAT_AREA]  # label 0 is what lies outside the mask
    if len(sizes) == 0:
        return np.zeros_like(mask)
    return np.asarray(labels == int(np.argmax(sizes)) + 1)


def _gradient(alpha: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    from matteplug.opencv import cv2

    stretched = (alpha - alpha.min()) / (float(np.ptp(alpha)) or 1.0)
    across = _gaussian_derivative(sigma)
    parts = [
        cv2.filter2D(stretched, -1, kernel, borderType=cv2.BORDER_REPLICATE)
        for kernel in (across, across.T)
    ]
    return np.hypot(parts[0], parts[1])


def _gaussian_derivative(sigma: float, epsilon: float = 1e-2) -> NDArray[np.float64]:
    """Return ∂/∂x of a Gaussian, cut where the Gaussian falls below `epsilon`, of unit energy."""
    half = math.ceil(sigma * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * sigma * epsilon)))
    x = np.arange(-half, half + 1, dtype=np.float64)
    gauss = np.exp(-(x**2) / (2 * sigma**2))
    kernel = np.outer(gauss, -x * gauss)
    return np.asarray(kernel / np.sqrt((kernel**2).sum()))


def _total(errors: NDArray[np.float64], area: NDArray[np.bool_] | None) -> float:
    return float(errors.sum() if area is None else errors[area].sum())


def _unit(alpha: NDArray[np.generic]) -> NDArray[np.float64]:
    return (
        alpha / np.float64(255) if alpha.dtype == np.uint8 else alpha.astype(np.float64, copy=False)
    )
