"""Plates that were exposed otherwise than the picture: what is lost in them is known to be."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from test_registration import HEIGHT, WIDTH, encoded, linear, textured

from matteplug import api
from matteplug.errors import RequestError
from matteplug.guides import plate as plates
from matteplug.guides import registration
from matteplug.guides.registration import confidence, shading
from matteplug.images import pixels
from matteplug.network import Guide, NetworkSpec
from matteplug.types import MatteRequest, Rect, Size

PLATE = NetworkSpec(id="any", title="any", guide=Guide.PLATE, inputs=(), outputs=())
Y, X = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
INSIDE = (np.abs(X) < 0.35) & (np.abs(Y) < 0.6)


def picture() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return an image with something dark in its middle, and the background, some of it white."""
    colours = textured(5).astype(np.float64)
    values = 0.3 * colours + 0.7 * colours.mean(2, keepdims=True)
    low, high = np.quantile(values, [0, 0.97])
    background = np.clip(35 + (values - low) / (high - low) * 205, 0, 252).astype(np.uint8)
    image = background.copy()
    image[INSIDE] = textured(6)[INSIDE] // 4
    return image, background


def noisy(light: NDArray[np.float64], seed: int = 0) -> NDArray[np.uint8]:
    values = encoded(light) + np.random.default_rng(seed).normal(0, 1, light.shape)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def prepared(image: NDArray[Any], plate: NDArray[Any]) -> tuple[MatteRequest, Any, str]:
    request, registered = plates.prepare(MatteRequest(image=image, plate=plate), PLATE)
    return request, registered, " ".join(request.notes)


@pytest.mark.parametrize("stops", [0.67, 1.5])
def test_what_is_clipped_in_a_brighter_plate_is_no_foreground_and_is_told(stops: float) -> None:
    image, background = picture()
    request, found, notes = prepared(image, noisy(linear(background) * 2**stops))
    assert request.plate is not None
    apart = np.abs(request.plate.astype(int) - image).max(2)
    assert np.quantile(apart[~INSIDE], 0.98) < 0.06 * 255
    assert np.median(apart[INSIDE]) > 0.1 * 255, "the foreground is darker than what was clipped"
    assert found.lost[~INSIDE].mean() > 0.02
    assert not found.lost[INSIDE].mean() > 0.02
    assert "tells nothing" in notes
    alpha = INSIDE.astype(np.float32)
    assert found.confidence_of(image, alpha)[0] <= 1 - found.lost.mean()


def test_a_plate_of_the_same_exposure_is_not_lost_where_both_are_clipped() -> None:
    image, background = picture()
    bright = [noisy(linear(each) * 2, seed) for seed, each in enumerate((image, background))]
    assert (bright[1] >= 250).all(2).mean() > 0.02
    _, found, notes = prepared(*bright)
    assert found.lost.mean() < 0.001
    assert "tells nothing" not in notes


@pytest.mark.parametrize(
    "drift",
    [1 - 0.45 * (X**2 + Y**2) / 2, 1 - 0.7 * (X**2 + Y**2) / 2, 1 + 0.3 * X, 1 - 0.25 * Y],
    ids=["corners", "dark corners", "slope across", "slope down"],
)
def test_a_drift_of_the_light_is_evened_out(drift: NDArray[np.float64]) -> None:
    image, background = picture()
    request, found, notes = prepared(image, noisy(linear(background) * drift[..., None]))
    assert request.plate is not None
    apart = np.abs(request.plate.astype(int) - image).max(2)[~INSIDE]
    assert np.quantile(apart, 0.95) < 0.04 * 255
    assert "drifts" in notes
    assert found.confidence > 0.9


def test_a_plate_that_is_far_darker_is_told_and_trusted_less() -> None:
    image, background = picture()
    _, found, notes = prepared(image, np.rint(background * 0.35).astype(np.uint8))
    assert "stops darker, so its shadows tell little" in notes
    assert 0.7 < found.confidence < 0.9
    _, _, notes = prepared(image, np.rint(background * 0.8).astype(np.uint8))
    assert "darker" not in notes


def test_an_even_light_is_left_as_it_is() -> None:
    image, background = picture()
    _, found, notes = prepared(image, noisy(linear(background)))
    assert not found.drift.any()
    assert "drifts" not in notes


def test_the_drift_of_a_part_is_that_of_the_whole() -> None:
    drift, size, part = np.array([0.1, 0.2, -0.3, 0.4, 0.5, -0.6]), Size(50, 30), Rect(7, 4, 20, 11)
    whole = shading.ratio(drift, size, Rect.from_size(size))
    np.testing.assert_allclose(shading.ratio(drift, size, part), whole[part.slices], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_plate_without_colour_is_compared_in_gray(dtype: type) -> None:
    factor = 257 if dtype is np.uint16 else 1
    pair: list[NDArray[Any]] = [array.astype(dtype) * dtype(factor) for array in picture()]
    image, background = pair
    gray: NDArray[Any] = (background @ [0.299, 0.587, 0.114]).astype(dtype)
    request, _, notes = prepared(image, np.dstack([gray] * 3))
    assert (request.image == request.image[..., :1]).all()
    assert request.image.dtype == dtype
    assert "no colours" in notes
    _, _, notes = prepared(np.dstack([image[..., 1]] * 3), np.dstack([gray] * 3))
    assert "no colours" not in notes, "of a gray picture nothing is lost"


def test_confidence_falls_with_what_looks_like_the_plate_and_is_called_foreground() -> None:
    image, background = (pixels.to_float(array) for array in picture())
    right = INSIDE.astype(np.float32)
    assert confidence.contradicted(image, background, right) < 0.02
    wrong = right.copy()
    wrong[:, :100] = 1
    share = 100 / WIDTH
    assert confidence.contradicted(image, background, wrong) == pytest.approx(share, abs=0.03)
    plain, paler = np.full_like(image, 0.5), np.full_like(image, 0.58)
    assert confidence.contradicted(plain, paler, np.ones_like(right)) > 0.95


def test_what_is_undecided_or_apart_is_doubted_and_told() -> None:
    image, background = (pixels.to_float(array) for array in picture())
    everywhere, right = np.ones_like(INSIDE), INSIDE.astype(np.float32)
    sound = confidence.doubts(image, background, right, everywhere)
    assert sound.trust > 0.95
    assert sound.notes() == ()
    veil = np.maximum(right, 0.3 * (Y < -0.7).astype(np.float32))
    undecided = confidence.doubts(image, background, veil, everywhere)
    assert undecided.undecided == pytest.approx(0.84 * 0.15, abs=0.02)
    assert "no edge is near" in " ".join(undecided.notes())
    brighter = confidence.doubts(image, np.clip(background + 0.1, 0, 1), right, everywhere)
    assert brighter.apart == pytest.approx(0.1, abs=0.01)
    assert "even after they were matched" in " ".join(brighter.notes())
    assert max(undecided.trust, brighter.trust) < 0.65
    assert confidence.doubts(image, background, veil, Y > -0.6).trust > 0.95, "nobody asked there"


def test_lost_areas_amid_the_foreground_are_unknown_and_a_sky_is_not() -> None:
    image, background = picture()
    found = registration.register(image, background)
    found.lost[:40] = True  # a sky, which touches the foreground's top
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[40:300, 100:300] = 1
    found.lost[100:200, 150:250] = True
    alpha[100:200, 150:250] = 0
    holes = plates.holes(found, alpha)
    assert holes is not None
    assert Rect.around(holes) == Rect(150, 100, 100, 100)
    assert plates.holes(found, np.zeros_like(alpha)) is None


@pytest.mark.slow
def test_confidence_follows_the_error() -> None:
    """Over exposures, vignettes, a gray plate, noise and blur; with the shipped network."""
    image, background = picture()
    seen, random = background.astype(np.float64), np.random.default_rng(3)
    sweep = [seen * factor for factor in (0.2, 0.35, 0.5, 0.7, 1, 1.15, 1.5, 2.0, 3.0)]
    sweep += [seen * (1 - share * (X**2 + Y**2))[..., None] for share in (0.1, 0.25, 0.45)]
    sweep += [seen + random.normal(0, sigma, seen.shape) for sigma in (5, 15, 40)]
    sweep += [np.asarray(cv2.GaussianBlur(seen, (0, 0), sigma), np.float64) for sigma in (1, 3, 8)]
    sweep += [np.dstack([seen @ [0.299, 0.587, 0.114]] * 3)]
    errors, confidences = [], []
    for values in sweep:
        plate = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        try:
            matte = api.matte(image, plate=plate, refine=False, clean_colours=False)
        except RequestError:  # it is refused: no confidence at all
            continue
        assert matte.confidence is not None
        error = float(np.abs(matte.alpha - INSIDE).mean())
        assert matte.confidence < 0.5 or error < 0.03, "a wrong matte that is trusted"
        errors.append(error)
        confidences.append(matte.confidence)
    assert len(errors) > 12
    by_error, by_confidence = (np.argsort(np.argsort(each)) for each in (errors, confidences))
    assert np.corrcoef(by_error, by_confidence)[0, 1] < -0.5


@pytest.mark.slow
def test_the_alpha_survives_other_exposures() -> None:
    """With the shipped network, against the alpha by the untouched plate."""
    image, background = picture()
    plain = api.matte(image, plate=noisy(linear(background)), refine=False)
    light = linear(background)
    for changed in (light * 2**0.67, light * 2**1.5, light * (1 - 0.3 * (X**2 + Y**2))[..., None]):
        matte = api.matte(image, plate=noisy(changed), refine=False)
        assert np.abs(matte.alpha - plain.alpha).mean() < 0.02
