"""Plates: known motion and exposure are recovered, strangers are refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.errors import Cancelled, RequestError
from matteplug.guides import plate as plates
from matteplug.guides import registration
from matteplug.guides.registration import alignment
from matteplug.images import files
from matteplug.network import Guide, NetworkSpec
from matteplug.types import CancelToken, MatteRequest

WIDTH, HEIGHT = 640, 420


def textured(seed: int) -> NDArray[np.uint8]:
    """A picture with structure at all scales, like a photograph's spectrum."""
    rng = np.random.default_rng(seed)
    total = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for octave in range(2, 8):
        grid = rng.standard_normal((2**octave, 2**octave, 3)).astype(np.float32)
        total += cv2.resize(grid, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) * 0.6**octave
    total -= total.min()
    return np.asarray(total / total.max() * 190 + 20, np.uint8)


def linear(encoded: NDArray[np.uint8]) -> NDArray[np.float64]:
    value = encoded / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def encoded(light: NDArray[np.float64]) -> NDArray[np.uint8]:
    light = np.clip(light, 0, 1)
    value = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(value * 255), np.uint8)


def pair(seed: int, motion: float, stops: float) -> tuple[NDArray[Any], ...]:
    """Return image, plate and the true homography; the image has an object in front.

    Args:
        seed: of the scene.
        motion: how far the plate's corners moved, as a share of the width.
        stops: exposure of the image relative to the plate.
    """
    rng = np.random.default_rng(seed)
    background, other = textured(seed), textured(seed + 1000)
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    shift = motion * WIDTH * (0.7 * rng.uniform(-1, 1, 2) + 0.3 * rng.uniform(-1, 1, (4, 2)))
    homography = cv2.getPerspectiveTransform(corners, (corners + shift).astype(np.float32))
    plate = cv2.warpPerspective(background, homography, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    image = encoded(linear(background) * 2.0**stops)
    inside = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(inside, (WIDTH // 2, HEIGHT * 2 // 3), (130, 190), 0, 0, 360, 1, -1)
    image[inside == 1] = other[inside == 1]
    noisy = [
        np.clip(array + rng.normal(0, 2, array.shape), 0, 255).astype(np.uint8)
        for array in (image, plate)
    ]
    return noisy[0], noisy[1], homography, inside


def motion_error_px(found: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    grid = np.stack(np.meshgrid(np.arange(20, WIDTH, 40), np.arange(20, HEIGHT, 40)), -1)
    points = grid.reshape(-1, 1, 2).astype(np.float64)
    moved = [cv2.perspectiveTransform(points, matrix) for matrix in (found, true)]
    return float(np.median(np.linalg.norm(moved[0] - moved[1], axis=-1)))


@pytest.mark.parametrize(
    ("seed", "motion", "stops"), [(1, 0.0, 0.0), (2, 0.03, 0.0), (3, 0.03, 1.0), (4, 0.03, -1.0)]
)
def test_motion_and_exposure_are_recovered(seed: int, motion: float, stops: float) -> None:
    image, plate, true, inside = pair(seed, motion, stops)
    found = registration.require(registration.register(image, plate))
    assert motion_error_px(found.homography, true) < 0.5
    assert found.gain == pytest.approx(2.0**stops, rel=0.02)
    assert found.confidence > 0.8
    assert found.plate.shape == image.shape
    # the registered plate is the image, but for noise, wherever it shows the background
    border = int(0.04 * WIDTH)
    part = np.s_[border:-border, border:-border]
    difference = np.abs(found.plate[part].astype(float) - image[part])[inside[part] == 0]
    assert difference.mean() < 4.0


def test_what_the_plate_does_not_reach_goes_on_as_beside_it() -> None:
    wide = textured(3)
    image, plate = wide[:, 12:].copy(), wide[:, :-12].copy()  # the plate was taken farther left
    image[200:, 100:200] = textured(4)[200:, 100:200]
    found = registration.register(image, plate)
    lacking = image.shape[1] - found.reach.width
    assert 11 <= lacking <= 13
    assert found.reach == (0, 0, image.shape[1] - lacking, image.shape[0])

    columns = np.broadcast_to(np.arange(image.shape[1], dtype=np.float32), image.shape[:2])
    outputs = {"alpha": (columns[None, None] / 1000).astype(np.float32)}
    alpha = plates.completed(outputs, found, None)["alpha"][0, 0]
    assert (alpha[:, -lacking:] == alpha[:, [-lacking - 1]]).all()
    assert (alpha[:, :-lacking] == outputs["alpha"][0, 0, :, :-lacking]).all()
    known = np.zeros(image.shape[:2], np.uint8)
    assert (plates.completed(outputs, found, known)["alpha"] == outputs["alpha"]).all()

    spec = NetworkSpec(id="any", title="any", guide=Guide.PLATE, inputs=(), outputs=())
    request, _ = plates.prepare(MatteRequest(image=image, plate=plate), spec)
    assert any(f"lacks {lacking} px" in note for note in request.notes)


def test_a_plate_that_reaches_everywhere_leaves_the_matte_as_it_is() -> None:
    image, plate, *_ = pair(1, 0.0, 0.0)
    found = registration.register(image, plate)
    assert found.reach == (0, 0, WIDTH, HEIGHT)
    outputs = {"alpha": np.zeros((1, 1, HEIGHT, WIDTH), np.float32)}
    assert plates.completed(outputs, found, None) is outputs


def test_a_plate_is_brought_over_in_strips_without_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    image, plate, *_ = pair(2, 0.03, 0.0)
    at_once = registration.register(image, plate).plate
    monkeypatch.setattr(alignment, "_STRIP_PX", 50 * WIDTH)
    shares: list[float] = []
    found = registration.register(image, plate, progress=lambda share, what: shares.append(share))
    assert np.abs(found.plate.astype(int) - at_once).max() <= 1
    assert shares == sorted(set(shares))
    assert len(shares) == 1 + 9


@pytest.mark.parametrize("step", ["BFMatcher", "findHomography", "findTransformECC"])
def test_registration_is_cancelled_between_its_steps(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, plate, *_ = pair(2, 0.03, 0.0)
    token, real, calls = CancelToken(), getattr(cv2, step), 0

    def cancelling(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        token.cancel()
        return real(*arguments, **options)

    monkeypatch.setattr(cv2, step, cancelling)
    with pytest.raises(Cancelled):
        registration.register(image, plate, cancel=token)
    assert calls == 1


def test_an_unrelated_plate_is_refused() -> None:
    image, *_ = pair(1, 0.0, 0.0)
    found = registration.register(image, textured(77))
    assert found.confidence < registration.CONFIDENCE_NEEDED
    with pytest.raises(RequestError, match="--no-align") as caught:
        registration.require(found)
    assert caught.value.code == "plate-unrelated"


def test_related_and_unrelated_photographs_are_told_apart(shared: Path) -> None:
    photographs = sorted((shared / "photos").glob("*.jpg"))[:4]
    pictures = [cv2.resize(files.read(path).image, (480, 320)) for path in photographs]
    for one, other in pairwise(pictures):
        assert registration.register(one, other).confidence < registration.CONFIDENCE_NEEDED
    shifted = np.roll(pictures[0], (4, 7), axis=(0, 1))
    assert registration.register(pictures[0], shifted).confidence > 0.9


def test_a_plain_wall_is_a_good_plate() -> None:
    rng = np.random.default_rng(0)
    plate = np.full((240, 320, 3), (90, 140, 100)) + rng.normal(0, 2, (240, 320, 3))
    image = plate + rng.normal(0, 2, plate.shape)
    image[80:200, 120:200] = (200, 60, 40)
    found = registration.register(image.astype(np.uint8), plate.astype(np.uint8))
    assert found.confidence > registration.CONFIDENCE_NEEDED
    assert motion_error_px(found.homography, np.eye(3)) < 1.0


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_depth_is_kept(dtype: type) -> None:
    image, plate, *_ = pair(5, 0.01, 0.0)
    scale = 257 if dtype is np.uint16 else 1 / 255
    found = registration.register(
        (image.astype(float) * scale).astype(dtype),
        (plate.astype(float) * scale).astype(dtype),
    )
    assert found.plate.dtype == dtype
    assert found.confidence > 0.8


def test_another_size_of_the_same_aspect_is_resized() -> None:
    image = textured(1)
    smaller = cv2.resize(textured(2), (WIDTH // 2, HEIGHT // 2))
    assert registration.check(image, smaller).shape == image.shape
    with pytest.raises(RequestError, match="aspect ratios differ"):
        registration.check(image, smaller[:, :-40])


def test_the_image_itself_is_no_plate() -> None:
    with pytest.raises(RequestError, match="nothing differs"):
        registration.check(textured(1), textured(1))


@pytest.mark.parametrize("size", [(1, 1), (5, 7)])
def test_tiny_pictures_are_handled(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    image, plate = (rng.integers(0, 256, (*size, 3), np.uint8) for _ in range(2))
    found = registration.register(image, plate)
    assert found.plate.shape == image.shape
    assert 0 <= found.confidence <= 1
