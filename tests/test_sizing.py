"""Padding and scaling to a network's size rule, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.network import SizeRule
from matteplug.runtime import sizing
from matteplug.types import Size

SIZES = [(1, 1), (7, 5), (5, 7), (32, 32), (33, 31), (2000, 10)]


def batch(width: int, height: int) -> NDArray[np.float32]:
    return np.random.default_rng(3).random((2, 3, height, width), np.float32)


@pytest.mark.parametrize("size", SIZES)
def test_any_size_is_padded_by_its_edges_and_comes_back_bit_for_bit(size: tuple[int, int]) -> None:
    array = batch(*size)
    fitted, fit = sizing.fit(array, SizeRule(multiple=32, minimum_px=64))
    height, width = fitted.shape[2:]
    assert (width % 32, height % 32) == (0, 0)
    assert min(width, height) >= 64
    assert (fitted[:, :, :, size[0] :] == fitted[:, :, :, size[0] - 1 : size[0]]).all()
    assert (fitted[:, :, size[1] :] == fitted[:, :, size[1] - 1 : size[1]]).all()
    np.testing.assert_array_equal(sizing.unfit(fitted, fit), array)


def test_a_size_that_fits_is_not_copied() -> None:
    array = batch(64, 32)
    fitted, _ = sizing.fit(array, SizeRule(multiple=32))
    assert fitted is array


def test_a_large_picture_is_scaled_to_the_maximum_and_back() -> None:
    y, x = np.mgrid[0:300, 0:600].astype(np.float32)
    array = np.stack([x / 600, y / 300])[None].astype(np.float32)
    fitted, fit = sizing.fit(array, SizeRule(multiple=32, maximum_px=200))
    assert fit == (Size(600, 300), Size(200, 100), Size(224, 128))
    assert fitted.shape == (1, 2, 128, 224)
    back = sizing.unfit(fitted, fit)
    assert back.shape == array.shape
    assert np.abs(back - array).max() < 0.01


def test_a_trimap_is_scaled_without_new_values() -> None:
    array = np.random.default_rng(4).choice([0, 0.5, 1], (1, 1, 90, 50)).astype(np.float32)
    fitted, _ = sizing.fit(array, SizeRule(maximum_px=40), nearest=True)
    assert set(np.unique(fitted)) <= {0, 0.5, 1}


def test_the_short_side_of_a_strip_never_vanishes() -> None:
    assert sizing.plan(Size(20000, 10), SizeRule(maximum_px=512)).scaled == Size(512, 1)


@pytest.mark.parametrize("size", [(640, 200), (30, 90), (128, 128)])
def test_a_square_takes_every_aspect_ratio_and_gives_it_back(size: tuple[int, int]) -> None:
    array = np.tile(np.linspace(0, 1, size[0], dtype=np.float32), (1, 1, size[1], 1))
    fitted, fit = sizing.fit(array, SizeRule(multiple=32, maximum_px=128, fit="square"))
    assert fitted.shape == (1, 1, 128, 128)
    back = sizing.unfit(fitted, fit)
    assert back.shape == array.shape
    assert np.abs(back - array).max() < 0.03


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((1000, 800), (640, 512)),
        ((100, 50), (1024, 512)),
        ((500, 4000), (512, 2048)),  # the longer side is at most maximum_px
        ((512, 512), (512, 512)),
    ],
)
def test_the_shorter_side_is_what_the_rule_says(
    size: tuple[int, int], seen: tuple[int, int]
) -> None:
    rule = SizeRule(multiple=32, minimum_px=512, maximum_px=2048, fit="shorter")
    assert sizing.plan(Size(*size), rule) == (Size(*size), Size(*seen), Size(*seen))


@pytest.mark.parametrize(
    "rule",
    [
        {"fit": "round"},
        {"fit": "square"},
        {"fit": "square", "maximum_px": 100, "multiple": 32},
        {"fit": "shorter", "minimum_px": 100, "multiple": 32},
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"fit|square|shorter"):
        SizeRule(**rule)
