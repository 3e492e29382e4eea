"""Masks of every convention become shares from 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.guides import masks


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0, 1], bool, [0, 1]),
        ([0, 1], np.uint8, [0, 1]),
        ([0, 1, 2], np.uint8, [0, 0.5, 1]),
        ([0, 1, 2], np.float64, [0, 0.5, 1]),
        ([0, 51, 255], np.uint8, [0, 0.2, 1]),
        ([0, 51, 255], np.float32, [0, 0.2, 1]),
        ([0, 13107, 65535], np.uint16, [0, 0.2, 1]),
        ([0, 0.2, 1], np.float64, [0, 0.2, 1]),
        ([0, 0.2, 1], np.float16, [0, 0.2, 1]),
    ],
)
def test_the_range_gives_the_convention_away(
    values: list[float], dtype: Any, expected: list[float]
) -> None:
    found, notes = masks.unit(np.array([values], dtype))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [expected], atol=1e-4)
    assert notes == ()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0.4, 1.0000001], [0, 0.4, 1]),
        ([-1e-9, 0.4, 1], [0, 0.4, 1]),
        ([-1e-5, 102, 255.00002], [0, 0.4, 1]),
        ([0, 26214, 65535.004], [0, 0.4, 1]),
    ],
)
def test_rounding_beyond_the_range_is_clipped(values: list[float], expected: list[float]) -> None:
    found, _ = masks.unit(np.array([values]))
    np.testing.assert_allclose(found, [expected], atol=1e-6)
    assert found.min() == 0
    assert found.max() == 1


@pytest.mark.parametrize(
    ("mask", "code"),
    [
        (np.zeros((9, 9, 3), np.uint8), "mask-form"),
        (np.zeros((0, 9), np.uint8), "mask-form"),
        (np.full((9, 9), "x"), "mask-form"),
        (np.full((9, 9), np.nan), "mask-values"),
        (np.full((9, 9), np.inf), "mask-values"),
        (np.full((9, 9), -1), "mask-values"),
        (np.full((9, 9), -0.1), "mask-values"),
        (np.full((9, 9), 65536), "mask-values"),
    ],
)
def test_what_is_no_mask_is_refused_with_a_hint(mask: NDArray[Any], code: str) -> None:
    with pytest.raises(RequestError) as caught:
        masks.unit(mask)
    assert caught.value.code == code
    assert caught.value.hint
