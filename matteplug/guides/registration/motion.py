"""A plate's motion: a homography from features, refined by ECC where plate and image agree.

The foreground is an outlier to both steps.  ECC: Evangelidis and Psarakis, PAMI 2008.  Pictures are
in linear light; their exposure does not matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matteplug.images.srgb import Array
from matteplug.types import CancelToken, Size

_PASSES = 4
"""Refinements; each finds the agreeing pixels better, and two are usually enough."""
_ROUNDS, _STEPS = 6, 8
"""ECC takes up to 48 steps, eight per call, as a call cannot be cancelled."""
_STILL = 1e-6
"""ECC ends when the correlation grows by less than this."""


def estimate(image: Array, plate: Array, cancel: CancelToken | None = None) -> NDArray[np.float64]:
    """Return the homography from image pixels to plate pixels, by features, then by ECC.

    Raises:
        Cancelled: `cancel` was set.
    """
    cancel = cancel or CancelToken()
    matched = _from_features(_gray8(image), _gray8(plate), cancel)
    candidates = [np.eye(3)] if matched is None else [np.eye(3), matched]
    motion = min(candidates, key=lambda candidate: _disagreement(image, plate, candidate))
    best = _disagreement(image, plate, motion)
    for _ in range(_PASSES):
        refined = _refined(image, plate, motion, cancel)
        cancel.check()
        disagreement = _disagreement(image, plate, refined)
        if disagreement < best:
            motion = refined
        if disagreement > 0.99 * best:
            break
        best = disagreement
    return motion


def warp(plate: Array, motion: NDArray[np.float64]) -> Array:
    """Return the plate (H, W, 3) warped to the image's pixels, 0 beyond the plate."""
    from matteplug.opencv import cv2

    size = Size.of(plate)
    return np.asarray(
        cv2.warpPerspective(plate, motion, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    )


def _from_features(
    image: NDArray[np.uint8], plate: NDArray[np.uint8], cancel: CancelToken
) -> NDArray[np.float64] | None:
    """Return the homography that most SIFT matches agree on, or None if too few do."""
    from matteplug.opencv import cv2

    sift = cv2.SIFT_create(  # type: ignore[attr-defined]  # missing from OpenCV's stubs
        nfeatures=4000, contrastThreshold=0.02
    )
    cancel.check()
    points_i, words_i = sift.detectAndCompute(image, None)
    cancel.check()
    points_p, words_p = sift.detectAndCompute(plate, None)
    cancel.check()
    if words_i is None or words_p is None or min(len(words_i), len(words_p)) < 8:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(words_i, words_p, k=2)
    good = [
        pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < 0.75 * pair[1].distance
    ]
    if len(good) < 12:
        return None
    cancel.check()
    source = np.array([points_i[match.queryIdx].pt for match in good], np.float32)
    target = np.array([points_p[match.trainIdx].pt for match in good], np.float32)
    cv2.setRNGSeed(0)
    homography, inliers = cv2.findHomography(source, target, cv2.USAC_MAGSAC, 1.5, maxIters=5000)
    if homography is None or int(inliers.sum()) < 12:
        return None
    motion = np.asarray(homography, np.float64)
    return motion if _plausible(motion, image.shape) else None


def _refined(
    image: Array, plate: Array, motion: NDArray[np.float64], cancel: CancelToken
) -> NDArray[np.float64]:
    """Refine the motion by ECC over the pixels that already agree."""
    from matteplug.opencv import cv2

    agree = _agreeing(image, warp(plate, motion))
    mask = cv2.erode((agree * 255).astype(np.uint8), np.ones((9, 9), np.uint8))
    if mask.mean() < 255 * 0.05:
        return motion
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _STEPS, _STILL)
    # ECC masks its second picture: warp the image onto the plate, and take the inverse
    pictures, onto, before = (_gray8(plate), _gray8(image)), np.linalg.inv(motion), -1.0
    for _ in range(_ROUNDS):
        cancel.check()
        try:
            correlation, transform = cv2.findTransformECC(
                *pictures, onto.astype(np.float32), cv2.MOTION_HOMOGRAPHY, stop, mask, 5
            )
        except cv2.error:  # ECC raises if it does not converge
            return motion
        onto = np.asarray(transform, np.float64)
        if correlation - before < _STILL:
            break
        before = correlation
    refined = np.linalg.inv(onto)
    return refined if _plausible(refined, image.shape) else motion


def _disagreement(image: Array, plate: Array, motion: NDArray[np.float64]) -> float:
    """Return the lower-half mean of the structure differences, blind to exposure and foreground.

    Only the most structured third of the picture counts: elsewhere noise alone differs.
    """
    warped = _structure(warp(plate, motion))
    difference = _local(_structure(image) - warped)
    strength = _local(warped)
    telling = np.sort(difference[strength >= np.quantile(strength, 0.67)])
    return float(telling[: (len(telling) + 1) // 2].mean())


def _agreeing(image: Array, plate: Array) -> NDArray[np.bool_]:
    difference = _local(_structure(image) - _structure(plate))
    return difference <= max(float(np.median(difference)) * 1.5, 0.02)


def _structure(linear: Array) -> Array:
    """Return the local contrast of the logarithm of light: a gain does not change it."""
    from matteplug.opencv import cv2

    gray = np.log(linear.mean(2) + 0.02)
    wide = cv2.GaussianBlur(gray, (0, 0), 8.0)
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.0) - wide, np.float32)


def _local(values: Array) -> Array:
    from matteplug.opencv import cv2

    return np.asarray(cv2.GaussianBlur(np.abs(values), (0, 0), 3.0), np.float32)


def _plausible(homography: NDArray[np.float64], shape: tuple[int, ...]) -> bool:
    """Tell whether the corners stay within a tenth of the picture: a plate moved a little."""
    height, width = shape[:2]
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float).T
    moved = homography @ corners
    if (moved[2] <= 0).any():
        return False
    shift = moved[:2] / moved[2] - corners[:2]
    return bool(np.abs(shift).max() <= 0.1 * max(height, width))


def _gray8(linear: Array) -> NDArray[np.uint8]:
    """Return an (H, W) picture whose contrast does not depend on the exposure."""
    from matteplug.opencv import cv2

    gray = np.log(linear.mean(2) + 0.01)
    low, high = np.quantile(gray, [0.01, 0.99])
    stretched = (np.clip((gray - low) / (high - low + 1e-6), 0, 1) * 255).astype(np.uint8)
    return np.asarray(cv2.createCLAHE(2.0, (8, 8)).apply(stretched))
