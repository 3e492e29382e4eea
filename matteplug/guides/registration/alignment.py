"""Registers a clean plate to the image: motion, exposure, and a confidence.

    plate ─► feature matches ─► homography ─► ECC where plate and image agree ─► warped
          ─► gain and offset per channel, and shading, fitted where they agree ─► confidence

The foreground is an outlier in every step: RANSAC votes on the matches, and refinement and exposure
use only pixels that already agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.guides import fit
from matteplug.guides.registration import confidence, exposure, motion, shading
from matteplug.images import pixels
from matteplug.images.srgb import Array, linear_from_srgb, srgb_from_linear
from matteplug.types import Alpha, CancelToken, Image, Progress, Rect, Size, silent

WORK_SIDE_PX = 1024
"""Longest side at which the motion is estimated; the homography is then scaled to the picture."""
CONFIDENCE_NEEDED = 0.4
"""Plates below this are refused; unrelated pairs stay below it, see tests/test_registration.py."""
CLIPPED, CRUSHED = 250 / 255, 3 / 255
"""Encoded values from which on, and up to which, a plate's channel may stand for any that is
brighter, or darker."""
_NOTICED = 0.04
"""Encoded difference that a network would take for a trace of foreground."""
_STRIP_PX = 500_000
"""Pixels of the picture for which the plate is warped at a time."""
_TOLERANCE_PX = 0.5
"""A plate that covers all but this much of a pixel counts as covering it."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A plate registered to the image.

    Attributes:
        plate: (H, W, 3), dtype of the image: warped, exposure and shading matched, edges
            replicated; where a channel is clipped or crushed, of what it may stand for it is what
            is closest to the image.
        lost: (H, W) bool, where two channels or more are so, and the image is beyond what the
            plate could show: there it does not tell foreground from background.
        homography: (3, 3) float64, maps the image's pixel (x, y, 1) to the plate's.
        reach: the part of the image that the plate covers; beyond it, its edges are replicated.
        gain, offset: (3,) float64, linear-light image = gain · linear-light plate + offset, times
            2 ** `drift`.
        drift: (6,), see `shading.Drift`.
        confidence: 0 to 1, the fraction of the picture's blocks that the plate explains, scaled so
            that a foreground over half of the picture still allows 1.
    """

    plate: Image
    lost: NDArray[np.bool_]
    homography: NDArray[np.float64]
    reach: Rect
    gain: NDArray[np.float64]
    offset: NDArray[np.float64]
    drift: shading.Drift
    confidence: float

    def confidence_of(
        self, image: Image, alpha: Alpha, asked: NDArray[np.bool_] | None = None
    ) -> tuple[float, tuple[str, ...]]:
        """Return how far to trust a matte that was made with the plate, 0 to 1, and why no further.

        It falls with the part of the picture of which the plate says nothing, with what is called
        foreground although it looks like the plate, with what is undecided away from any edge, and
        with what the background differs from the plate.

        Args:
            image: (H, W, 3), the picture.
            alpha: (H, W) float32 [0, 1], the matte.
            asked: (H, W), which pixels count; None for all.
        """
        if asked is None:
            asked = np.ones(alpha.shape, np.bool_)
        scale = min(1.0, WORK_SIDE_PX / max(image.shape[:2]))
        against = confidence.doubts(
            _shrunk(image, scale),
            _shrunk(self.plate, scale),
            _shrunk(alpha, scale),
            _shrunk(asked.astype(np.float32), scale) > 0.99,
        )
        known = 1 - float((self.lost & asked).mean())
        return self.confidence * known * against.trust, against.notes()


def check(image: Image, plate: Image) -> Image:
    """Return `plate` at the image's size.

    Raises:
        RequestError: the aspect ratio differs, or the plate is the image itself.
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


def register(
    image: Image,
    plate: Image,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Registration:
    """Register `plate` to `image`.

    Args:
        image: (H, W, 3) uint8, uint16 or float32.
        plate: the same scene without the foreground, of the same size.
        progress: called with the fraction of the work that is done.
        cancel: stops between the steps.

    Returns:
        The registered plate; the caller judges its `confidence`.

    Raises:
        Cancelled: `cancel` was set.
    """
    report, cancel = progress or silent, cancel or CancelToken()
    report(0.0, "registering")
    scale = min(1.0, WORK_SIDE_PX / max(image.shape[:2]))
    small_image = linear_from_srgb(_shrunk(image, scale))
    cancel.check()
    small_plate = linear_from_srgb(_shrunk(plate, scale))
    moved = motion.estimate(small_image, small_plate, cancel)
    warped = motion.warp(small_plate, moved)
    covered = motion.warp(np.ones_like(small_plate), moved)[..., 0] > 0.99
    cancel.check()
    gain, offset = exposure.fit(small_image, warped, covered)
    mild = np.abs(np.log2(gain)).max() <= 1.6 and gain.max() / gain.min() <= 1.3
    exposed = (warped * gain + offset).astype(np.float32)
    drift = shading.fit(small_image, exposed, covered)
    small = Size.of(small_image)
    exposed *= shading.ratio(drift, small, Rect.from_size(small))
    cancel.check()
    trust = confidence.judge(small_image, exposed, covered, trust_flat=bool(mild))

    zoom = np.diag([scale, scale, 1.0])
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # pixel centres to corners
    homography = np.linalg.inv(shift) @ np.linalg.inv(zoom) @ shift @ moved
    homography = homography @ np.linalg.inv(shift) @ zoom @ shift
    homography /= homography[2, 2]
    values, aligned = pixels.to_float(plate), np.empty_like(image)
    lost = np.zeros(image.shape[:2], np.bool_)
    strips = _strips(Size.of(image))
    for number, strip in enumerate(strips):
        cancel.check()
        report(0.5 + 0.5 * number / len(strips), "registering")
        full = np.clip(_warped(values, homography, strip), 0, 1)
        matched = (linear_from_srgb(full) * gain + offset) * shading.ratio(
            drift, Size.of(image), strip
        )
        shown = srgb_from_linear(np.clip(matched, 0, 1).astype(np.float32))
        seen = pixels.to_float(image[strip.slices])
        beyond = ((full >= CLIPPED) & (seen > shown)) | ((full <= CRUSHED) & (seen < shown))
        lost[strip.slices] = (beyond & (np.abs(seen - shown) > _NOTICED)).sum(2) >= 2
        shown = np.where(beyond, seen, shown)
        aligned[strip.slices] = pixels.from_float(shown, image.dtype)
    return Registration(
        plate=aligned,
        lost=lost,
        homography=homography,
        reach=_reach(homography, Size.of(plate)),
        gain=gain,
        offset=offset,
        drift=drift,
        confidence=trust,
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
            "Check that it belongs to this picture; --no-align uses it without registration.",
        )
    return registration


def _strips(size: Size) -> list[Rect]:
    """Return rows of a picture, about `_STRIP_PX` pixels each."""
    rows = max(1, _STRIP_PX // size.width)
    tops = range(0, size.height, rows)
    return [Rect(0, top, size.width, min(rows, size.height - top)) for top in tops]


def _warped(plate: Array, homography: NDArray[np.float64], part: Rect) -> Array:
    """Return the plate warped to a part of the image, its edges replicated."""
    from matteplug.opencv import cv2

    from_corner = np.array([[1, 0, part.x], [0, 1, part.y], [0, 0, 1]])
    return np.asarray(
        cv2.warpPerspective(
            plate,
            homography @ from_corner,
            (part.width, part.height),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def _reach(homography: NDArray[np.float64], size: Size) -> Rect:
    """Return the upright rectangle inside the plate's outline on the image."""
    from matteplug.opencv import cv2

    right, bottom = size.width - 1, size.height - 1
    corners = np.array([[[0, 0]], [[right, 0]], [[right, bottom]], [[0, bottom]]], np.float64)
    moved = cv2.perspectiveTransform(corners, np.linalg.inv(homography))
    (x, y), slack = moved.reshape(4, 2).T.tolist(), _TOLERANCE_PX
    left, top = math.ceil(max(0, x[0], x[3]) - slack), math.ceil(max(0, y[0], y[1]) - slack)
    last_x, last_y = (
        math.floor(min(right, x[1], x[2]) + slack),
        math.floor(min(bottom, y[2], y[3]) + slack),
    )
    return Rect(left, top, max(0, last_x - left + 1), max(0, last_y - top + 1))


def _resized(plate: Image, image: Image) -> Image:
    from matteplug.opencv import cv2

    have, want = Size.of(plate), Size.of(image)
    if not fit.same_aspect(have, want):
        raise RequestError(
            "plate-size",
            f"The plate is {have}, the image {want}: their aspect ratios differ.",
            "Crop the plate to the image's field of view.",
        )
    smaller = have.width > want.width
    return np.asarray(
        cv2.resize(plate, want, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    )


def _shrunk(image: Image, scale: float) -> Array:
    from matteplug.opencv import cv2

    values = pixels.to_float(image)
    if scale == 1.0:
        return values
    return np.asarray(cv2.resize(values, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
