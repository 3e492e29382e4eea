"""The errors have the field's values and behave as errors must."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.evaluation.metrics import (
    Count,
    connectivity_error,
    gradient_error,
    measure,
    sad,
    squared_error,
)

Bytes = NDArray[np.uint8]


@pytest.fixture
def known() -> tuple[Bytes, Bytes, Bytes]:
    """The public test of the field: truth, prediction and trimap."""
    truth = np.full((32, 32), 255, np.uint8)
    trimap = np.zeros((32, 32), np.uint8)
    trimap[:16, :16] = 128
    trimap[16:, 16:] = 255
    prediction = np.zeros((32, 32), np.uint8)
    prediction[trimap == 255] = 255
    return truth, prediction, trimap


def soft(seed: int = 1) -> NDArray[np.float32]:
    """A disc with a soft edge and a little noise that keeps 0 and 1."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:40, :60]
    edge = 1.4 - np.hypot(y - 20, x - 30) / 12
    noisy: NDArray[np.float64] = edge + rng.normal(0, 0.02, edge.shape)
    return np.clip(noisy, 0, 1).astype(np.float32)


def test_known_values_over_the_picture(known: tuple[Bytes, Bytes, Bytes]) -> None:
    truth, prediction, trimap = known
    errors = measure(truth, prediction, trimap, Count.PICTURE)
    assert errors.sad == pytest.approx(0.768)
    assert errors.mse == pytest.approx(3.0)
    assert errors.grad == pytest.approx(0.0028887, abs=5e-8)
    assert errors.conn == pytest.approx(0.256)


def test_known_values_over_the_unknown_area(known: tuple[Bytes, Bytes, Bytes]) -> None:
    truth, prediction, trimap = known
    errors = measure(truth, prediction, trimap)
    assert errors.sad == pytest.approx(0.256)
    assert errors.mse == pytest.approx(1.0)
    assert errors.grad == pytest.approx(0.0028887, abs=5e-8)
    assert errors.conn == pytest.approx(0.256)


def test_the_single_errors_agree_with_measure(known: tuple[Bytes, Bytes, Bytes]) -> None:
    truth, prediction, trimap = known
    unknown = trimap == 128
    assert sad(truth, prediction) == pytest.approx(0.768)
    assert squared_error(truth, prediction) / unknown.sum() == pytest.approx(3.0)
    assert gradient_error(truth, prediction, unknown) == pytest.approx(0.0028887, abs=5e-8)
    assert connectivity_error(truth, prediction, unknown) == pytest.approx(0.256)


def test_the_truth_itself_has_no_error() -> None:
    errors = measure(soft(), soft())
    assert (errors.sad, errors.mse, errors.grad, errors.conn) == (0, 0, 0, 0)


def test_bytes_and_floats_agree() -> None:
    truth, prediction = (np.rint(soft(seed) * 255).astype(np.uint8) for seed in (1, 2))
    as_floats = measure(truth / 255, prediction / 255)
    assert measure(truth, prediction) == as_floats


def test_mirrored_and_turned_pictures_have_the_same_errors() -> None:
    truth, prediction = soft(1), np.roll(soft(2), 3, axis=1)
    trimap = np.where((truth > 0) & (truth < 1), 128, 0).astype(np.uint8)
    plain = measure(truth, prediction, trimap)
    for turned in (np.fliplr, np.flipud, np.rot90):
        other = measure(turned(truth), turned(prediction), turned(trimap))
        for name in ("sad", "mse", "grad", "conn"):
            assert getattr(other, name) == pytest.approx(getattr(plain, name), rel=1e-6), name


def test_sad_mse_and_grad_do_not_care_which_is_the_truth() -> None:
    one, other = measure(soft(1), soft(2)), measure(soft(2), soft(1))
    assert (one.sad, one.mse, one.grad, one.conn) == pytest.approx(
        (other.sad, other.mse, other.grad, other.conn)
    )


def test_an_error_in_the_known_area_counts_over_the_picture_only() -> None:
    truth = soft()
    prediction = truth.copy()
    prediction[0, :10] = 1
    trimap = np.full(truth.shape, 128, np.uint8)
    trimap[:10] = 0
    assert measure(truth, prediction, trimap).sad == 0
    assert measure(truth, prediction, trimap).mse == 0
    over_picture = measure(truth, prediction, trimap, Count.PICTURE)
    assert over_picture.sad == pytest.approx(0.010)
    assert over_picture.mse == pytest.approx(10 / (trimap == 128).sum())


def test_sad_and_mse_by_hand() -> None:
    truth = np.array([[0.0, 0.5, 1.0, 1.0]])
    prediction = np.array([[0.25, 0.5, 0.5, 1.0]])
    errors = measure(truth, prediction)
    assert errors.sad == pytest.approx(0.75 / 1000)
    assert errors.mse == pytest.approx((0.0625 + 0.25) / 4)


def test_an_island_costs_connectivity_and_small_differences_do_not() -> None:
    truth = np.zeros((20, 30))
    truth[5:15, 5:15] = 1
    island = truth.copy()
    island[8:11, 24:27] = 0.8
    assert connectivity_error(truth, island) == pytest.approx(9 * 0.8 / 1000)
    dimmed = truth * 0.9  # less than theta below the common region's level
    assert connectivity_error(truth, dimmed) == 0
    assert sad(truth, dimmed) > 0


def test_blur_costs_more_gradient_than_a_constant_offset_of_the_same_sad() -> None:
    truth = np.zeros((30, 40))
    truth[:, 20:] = 1
    blurred = truth.copy()
    blurred[:, 16:24] = np.linspace(0, 1, 8)
    offset = truth.copy()
    offset[2:28, 2:18] = sad(truth, blurred) * 1000 / (26 * 16)
    assert sad(truth, offset) == pytest.approx(sad(truth, blurred))
    assert gradient_error(truth, blurred) > 2 * gradient_error(truth, offset)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="the same size"):
        measure(np.zeros((3, 3)), np.zeros((3, 4)))
    with pytest.raises(ValueError, match="the same size"):
        measure(np.zeros((3, 3)), np.zeros((3, 3)), np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match="no unknown"):
        measure(np.zeros((3, 3)), np.zeros((3, 3)), np.zeros((3, 3), np.uint8))
