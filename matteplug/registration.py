"""Brings a clean plate onto the image: motion, exposure, and how far to trust the result.

    plate ─► feature matches ─► homography ─► ECC where plate and image agree ─► warped
          ─► gain and offset per channel, fitted where they agree ─► confidence

The foreground is an outlier to every step: matches are voted on by RANSAC, the refinement and the
exposure use only pixels that already agree.  ECC: Evangelidis and Psarakis, PAMI 2008.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matteplug import pixels
from matteplug.errors import RequestError
from matteplug.types import Image, Rect, Size

WORK_SIDE_PX = 1024
"""Longest side at which the motion is estimated; the homography is then scaled to the picture."""
CONFIDENCE_NEEDED = 0.4
"""Below this a plate is refused: unrelated pairs stay under it, see tests/test_registration.py."""
BLOCK_PX = 16
_TOLERANCE_PX = 0.5
"""A plate that lacks less than this of a pixel reaches it."""

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A plate on the image's pixels.

    Attributes:
        plate: (H, W, 3), dtype of the image: warped, exposure matched, edges replicated.
        homography: (3, 3) float64, maps the image's pixel (x, y, 1) to the plate's.
        reach: the part of the image that the plate shows; beyond it its edges were replicated.
        gain, offset: (3,) float64, linear-light image = gain · linear-light plate + offset.
        confidence: 0 to 1, share of the picture's blocks that the plate explains, scaled so that a
            foreground over half of the picture still allows 1.
    """

    plate: Image
    homography: NDArray[np.float64]
    reach: Rect
    gain: NDArray[np.float64]
    offset: NDArray[np.float64]
    confidence: float


def check(image: Image, plate: Image) -> Image:
    """Return `plate` at the image's size.

    Raises:
        RequestError: the aspect is another, or the plate is the image itself.
    """
    if Size.of(plate) != Size.of(image):
        plate = _resized(plate, image)
    if plate.dtype == image.dtype and np.array_equal(plate, image):
        raise RequestError(
            "plate-equals-image",
            "The plate and the image are the same picture: nothing differs.",
            "The plate must show the scene without the foreground.",
        )
    return plate


def register(image: Image, plate: Image) -> Registration:
    """Bring `plate` onto `image`.

    Args:
        image: (H, W, 3) uint8, uint16 or float32.
        plate: the same scene without the foreground, of the same size.

    Returns:
        The registered plate; its `confidence` is for the caller to judge.
    """
    import cv2

    scale = min(1.0, WORK_SIDE_PX / max(image.shape[:2]))
    small_image, small_plate = (_linear(_shrunk(array, scale)) for array in (image, plate))
    motion = _motion(small_image, small_plate)
    warped = _warp(small_plate, motion)
    covered = _warp(np.ones_like(small_plate), motion)[..., 0] > 0.99
    gain, offset = _exposure(small_image, warped, covered)
    mild = np.abs(np.log2(gain)).max() <= 1.6 and gain.max() / gain.min() <= 1.3
    exposed = (warped * gain + offset).astype(np.float32)
    confidence = _confidence(small_image, exposed, covered, trust_flat=bool(mild))

    zoom = np.diag([scale, scale, 1.0])
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # pixel centres to corners
    homography = np.linalg.inv(shift) @ np.linalg.inv(zoom) @ shift @ motion
    homography = homography @ np.linalg.inv(shift) @ zoom @ shift
    homography /= homography[2, 2]
    full = cv2.warpPerspective(
        pixels.to_float(plate),
        homography,
        Size.of(image),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    matched = np.clip(_linear(np.clip(full, 0, 1)) * gain + offset, 0, 1)
    return Registration(
        plate=pixels.from_float(_encoded(matched.astype(np.float32)), image.dtype),
        homography=homography,
        reach=_reach(homography, Size.of(plate)),
        gain=gain,
        offset=offset,
        confidence=confidence,
    )


def require(registration: Registration) -> Registration:
    """Return `registration` if it can be trusted.

    Raises:
        RequestError: the confidence is below `CONFIDENCE_NEEDED`.
    """
    if registration.confidence < CONFIDENCE_NEEDED:
        raise RequestError(
            "plate-unrelated",
            "The plate does not seem to show the same scene as the image "
            f"(confidence {registration.confidence:.2f}, {CONFIDENCE_NEEDED} is needed).",
            "Check that it belongs to this picture; --no-align uses it as it is.",
        )
    return registration


def _reach(homography: NDArray[np.float64], size: Size) -> Rect:
    """Return the upright rectangle inside the plate's outline on the image."""
    import cv2

    right, bottom = size.width - 1, size.height - 1
    corners = np.array([[[0, 0]], [[right, 0]], [[right, bottom]], [[0, bottom]]], np.float64)
    moved = cv2.perspectiveTransform(corners, np.linalg.inv(homography))
    (x, y), slack = moved.reshape(4, 2).T.tolist(), _TOLERANCE_PX
    left, upper = math.ceil(max(0, x[0], x[3]) - slack), math.ceil(max(0, y[0], y[1]) - slack)
    far, lower = (
        math.floor(min(right, x[1], x[2]) + slack),
        math.floor(min(bottom, y[2], y[3]) + slack),
    )
    return Rect(left, upper, max(0, far - left + 1), max(0, lower - upper + 1))


def _resized(plate: Image, image: Image) -> Image:
    import cv2

    have, want = Size.of(plate), Size.of(image)
    # half a pixel of rounding in either side is no other aspect
    if abs(have.width * want.height - have.height * want.width) > max(have) + max(want):
        raise RequestError(
            "plate-size",
            f"The plate is {have}, the image {want}: another aspect.",
            "Crop the plate to the image's field of view.",
        )
    smaller = have.width > want.width
    return np.asarray(
        cv2.resize(plate, want, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    )


def _motion(image: Array, plate: Array) -> NDArray[np.float64]:
    """Return the homography from image pixels to plate pixels, by features, then by ECC."""
    found = _from_features(_gray8(image), _gray8(plate))
    candidates = [np.eye(3)] if found is None else [np.eye(3), found]
    motion = min(candidates, key=lambda candidate: _disagreement(image, plate, candidate))
    best = _disagreement(image, plate, motion)
    for _ in range(4):  # each pass sees the agreeing pixels better; two are mostly enough
        refined = _refined(image, plate, motion)
        disagreement = _disagreement(image, plate, refined)
        if disagreement < best:
            motion = refined
        if disagreement > 0.99 * best:
            break
        best = disagreement
    return motion


def _from_features(
    image: NDArray[np.uint8], plate: NDArray[np.uint8]
) -> NDArray[np.float64] | None:
    """Return the homography that most SIFT matches agree on, or None where too few do."""
    import cv2

    sift = cv2.SIFT_create(  # type: ignore[attr-defined]  # missing from OpenCV's stubs
        nfeatures=4000, contrastThreshold=0.02
    )
    points_i, words_i = sift.detectAndCompute(image, None)
    points_p, words_p = sift.detectAndCompute(plate, None)
    if words_i is None or words_p is None or min(len(words_i), len(words_p)) < 8:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(words_i, words_p, k=2)
    good = [
        pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < 0.75 * pair[1].distance
    ]
    if len(good) < 12:
        return None
    source = np.array([points_i[match.queryIdx].pt for match in good], np.float32)
    target = np.array([points_p[match.trainIdx].pt for match in good], np.float32)
    cv2.setRNGSeed(0)
    homography, inliers = cv2.findHomography(source, target, cv2.USAC_MAGSAC, 1.5, maxIters=5000)
    if homography is None or int(inliers.sum()) < 12:
        return None
    motion = np.asarray(homography, np.float64)
    return motion if _plausible(motion, image.shape) else None


def _refined(image: Array, plate: Array, motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Refine the motion by ECC over the pixels that already agree."""
    import cv2

    agree = _agreeing(image, _warp(plate, motion))
    mask = cv2.erode((agree * 255).astype(np.uint8), np.ones((9, 9), np.uint8))
    if mask.mean() < 255 * 0.05:
        return motion
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-6)
    # ECC masks its second picture: warp the image onto the plate, and take the inverse
    start = np.linalg.inv(motion).astype(np.float32)
    try:
        _, onto = cv2.findTransformECC(
            _gray8(plate), _gray8(image), start, cv2.MOTION_HOMOGRAPHY, stop, mask, 5
        )
    except cv2.error:  # ECC raises where it does not converge
        return motion
    refined = np.linalg.inv(onto.astype(np.float64))
    return refined if _plausible(refined, image.shape) else motion


def _exposure(
    image: Array, plate: Array, covered: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit image = gain · plate + offset per channel by trimmed least squares (linear light)."""
    usable = covered & ((image > 0.002) & (image < 0.98) & (plate > 0.002) & (plate < 0.98)).all(2)
    if usable.sum() < 64:
        return np.ones(3), np.zeros(3)
    every = max(1, int(usable.sum()) // 40_000)
    seen, clean = (array[usable][::every].astype(np.float64) for array in (image, plate))
    gain, offset = np.median(seen / clean, axis=0), np.zeros(3)
    for _ in range(8):
        worst = (np.abs(seen - (clean * gain + offset)) / (0.02 + seen)).max(1)
        keep = worst <= max(np.quantile(worst, 0.4) * 1.5, 0.01)
        for c in range(3):
            gain[c], offset[c] = _line(clean[keep, c], seen[keep, c])
    return gain, offset


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Fit y = gain · x + offset with errors relative to y; the offset only where it pays."""
    weight = 1 / (0.02 + y) ** 2
    mean_x, mean_y = np.average(x, weights=weight), np.average(y, weights=weight)
    proportional = float(np.average(x * y, weights=weight) / np.average(x * x, weights=weight))
    variance = np.average((x - mean_x) ** 2, weights=weight)
    slope = float(np.average((x - mean_x) * (y - mean_y), weights=weight) / (variance + 1e-12))
    offset = float(mean_y - slope * mean_x)
    with_offset = np.average((y - slope * x - offset) ** 2, weights=weight)
    without = np.average((y - proportional * x) ** 2, weights=weight)
    # noise alone makes a free line fit a little better; black level and flare make it far better
    if with_offset > 0.8 * without or abs(offset) > 0.1 or slope <= 0:
        return proportional, 0.0
    return slope, offset


def _confidence(
    image: Array, plate: Array, covered: NDArray[np.bool_], *, trust_flat: bool
) -> float:
    """Return how much of the picture the plate explains, 0 to 1.

    A block with structure is explained when image and plate correlate in it; a flat one when their
    colours agree.  Flat blocks agree by chance between unrelated pictures, so they count a quarter,
    and agree for nothing once a strong gain or tint was needed (`trust_flat` false).
    """
    i, p = (_blocks(_encoded(np.clip(array, 0, 1)).mean(2)) for array in (image, plate))
    inside = _blocks(covered.astype(np.float32)).min(1) > 0
    i0, p0 = i - i.mean(1, keepdims=True), p - p.mean(1, keepdims=True)
    deviation_i, deviation_p = np.sqrt((i0**2).mean(1)), np.sqrt((p0**2).mean(1))
    correlation = (i0 * p0).mean(1) / (deviation_i * deviation_p + 1e-6)
    structured = np.maximum(deviation_i, deviation_p) > 0.02
    close = np.abs(i.mean(1) - p.mean(1)) < 0.04
    explained = np.where(structured, correlation > 0.75, close & trust_flat)
    weight = np.where(structured, 1.0, 0.25) * inside
    if weight.sum() == 0:
        return 0.0
    share = float((explained * weight).sum() / weight.sum())
    return min(1.0, share / 0.5)


def _disagreement(image: Array, plate: Array, motion: NDArray[np.float64]) -> float:
    """Return the lower-half mean of the structure differences, blind to exposure and foreground.

    Only the most structured third of the picture counts: elsewhere noise alone differs.
    """
    warped = _structure(_warp(plate, motion))
    difference = _local(_structure(image) - warped)
    strength = _local(warped)
    telling = np.sort(difference[strength >= np.quantile(strength, 0.67)])
    return float(telling[: (len(telling) + 1) // 2].mean())


def _agreeing(image: Array, plate: Array) -> NDArray[np.bool_]:
    difference = _local(_structure(image) - _structure(plate))
    return difference <= max(float(np.median(difference)) * 1.5, 0.02)


def _structure(linear: Array) -> Array:
    """Return the local contrast of the logarithm of light: a gain does not change it."""
    import cv2

    gray = np.log(linear.mean(2) + 0.02)
    wide = cv2.GaussianBlur(gray, (0, 0), 8.0)
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.0) - wide, np.float32)


def _local(values: Array) -> Array:
    import cv2

    return np.asarray(cv2.GaussianBlur(np.abs(values), (0, 0), 3.0), np.float32)


def _warp(plate: Array, motion: NDArray[np.float64]) -> Array:
    import cv2

    size = Size.of(plate)
    return np.asarray(
        cv2.warpPerspective(plate, motion, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    )


def _plausible(homography: NDArray[np.float64], shape: tuple[int, ...]) -> bool:
    """Tell whether the corners stay within a tenth of the picture: a plate moved a little."""
    height, width = shape[:2]
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float).T
    moved = homography @ corners
    if (moved[2] <= 0).any():
        return False
    shift = moved[:2] / moved[2] - corners[:2]
    return bool(np.abs(shift).max() <= 0.1 * max(height, width))


def _blocks(gray: Array) -> Array:
    """Return (N, BLOCK_PX²) pixels of all whole blocks of an (H, W) array."""
    rows, columns = gray.shape[0] // BLOCK_PX, gray.shape[1] // BLOCK_PX
    whole = gray[: rows * BLOCK_PX, : columns * BLOCK_PX]
    blocks = whole.reshape(rows, BLOCK_PX, columns, BLOCK_PX).swapaxes(1, 2)
    return np.asarray(blocks.reshape(rows * columns, BLOCK_PX * BLOCK_PX))


def _shrunk(image: Image, scale: float) -> Array:
    import cv2

    values = pixels.to_float(image)
    if scale == 1.0:
        return values
    return np.asarray(cv2.resize(values, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def _gray8(linear: Array) -> NDArray[np.uint8]:
    """Return an (H, W) picture whose contrast does not depend on the exposure."""
    import cv2

    gray = np.log(linear.mean(2) + 0.01)
    low, high = np.quantile(gray, [0.01, 0.99])
    stretched = (np.clip((gray - low) / (high - low + 1e-6), 0, 1) * 255).astype(np.uint8)
    return np.asarray(cv2.createCLAHE(2.0, (8, 8)).apply(stretched))


def _linear(encoded: Array) -> Array:
    """Return linear light of sRGB-encoded values in [0, 1] (IEC 61966-2-1)."""
    low = encoded / 12.92
    high = ((np.maximum(encoded, 0.04045) + 0.055) / 1.055) ** 2.4
    return np.asarray(np.where(encoded <= 0.04045, low, high), np.float32)


def _encoded(linear: Array) -> Array:
    """Return the sRGB encoding of linear light in [0, 1]."""
    low = linear * 12.92
    high = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, low, high), np.float32)
