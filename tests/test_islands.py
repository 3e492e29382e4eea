"""Islands and holes of a matte."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from factories import network

from matteplug import api, plugins
from matteplug.matting.islands import VISIBLE, fill_holes, remove_islands, without_scraps
from matteplug.network import Guide
from matteplug.testing import FakeEngine
from matteplug.types import Alpha


def subject() -> Alpha:
    """Return a square of 1600 opaque pixels with a soft column on its left."""
    alpha = np.zeros((80, 100), np.float32)
    alpha[20:60, 40:80] = 1
    alpha[20:60, 39] = 0.5
    return alpha


def test_islands_below_a_size_go_and_the_rest_stays() -> None:
    alpha = subject()
    alpha[5:10, 5:10] = 0.5  # 12.5 px
    assert remove_islands(alpha, 12) is alpha
    assert np.array_equal(remove_islands(alpha, 13), subject())
    assert not remove_islands(alpha, 5000).any()


@pytest.mark.parametrize("seed", range(12))
def test_islands_are_those_that_numbering_the_whole_picture_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.random((9, 11), np.float32)
    alpha = cv2.resize(coarse, None, fx=6, fy=5, interpolation=cv2.INTER_CUBIC)
    alpha = np.clip(4 * alpha - 2 + rng.normal(0, 0.3, alpha.shape), 0, 1).astype(np.float32)
    for below_px in (1, 5, 40, 400, 4000):
        _, numbers = cv2.connectedComponents((alpha > VISIBLE).view(np.uint8))
        areas = np.bincount(numbers.ravel(), weights=alpha.ravel())
        small = ((areas < below_px)[numbers] & (numbers > 0)).astype(np.uint8)
        removed = cv2.dilate(small, np.ones((5, 5))) * (numbers == 0) | small
        expected = np.where(removed, 0, alpha)
        np.testing.assert_array_equal(remove_islands(alpha, below_px), expected)
        np.testing.assert_array_equal(fill_holes(1 - alpha, below_px) == 1, expected == 0)


def test_holes_below_a_size_are_filled_and_gaps_stay() -> None:
    alpha = subject()
    alpha[30:33, 50:53] = 0
    alpha[20:60, 70] = 0  # parts the square, encloses nothing
    assert fill_holes(alpha, 8) is alpha
    filled = fill_holes(alpha, 10)
    assert (filled[30:33, 50:53] == 1).all()
    assert np.array_equal(filled[:, 60:], alpha[:, 60:])
    assert np.array_equal(filled[:, :45], alpha[:, :45])


def test_scraps_go_however_sure_specks_too_and_pinholes_are_filled() -> None:
    alpha = subject()
    alpha[5:10, 5:20] = 0.6  # large, but unsure
    alpha[70, 70:72] = 1  # sure, but a speck
    alpha[40, 60] = 0.5
    assert np.array_equal(without_scraps(alpha), subject())


@pytest.mark.parametrize(("height", "level"), [(3, 1.0), (80, 0.8)])
def test_what_is_sure_or_large_stays(height: int, level: float) -> None:
    alpha = subject()
    alpha[:height, 10:20] = level
    assert without_scraps(alpha) is alpha


def test_of_nothing_nothing_is_left() -> None:
    nothing = np.zeros((4, 5), np.float32)
    assert without_scraps(nothing) is nothing


@pytest.mark.parametrize(("guide", "kept"), [(Guide.NONE, False), (Guide.TRIMAP, True)])
def test_only_a_matte_without_a_guide_is_tidied(
    guide: Guide, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha = subject()
    alpha[5:10, 5:20] = 0.6
    registry = plugins.Registry()
    inputs = ("image",) if guide is Guide.NONE else ("image", "trimap")
    registry.add("a", "a 1", networks=[network("one", guide, *inputs)])
    monkeypatch.setattr(plugins, "registry", lambda: registry)
    trimap = np.full((80, 100), 128, np.uint8)
    trimap[0], trimap[40, 60] = 0, 255
    image = np.zeros((80, 100, 3), np.uint8)
    engine = FakeEngine(alpha=lambda _: alpha[None, None].copy())
    made = api.matte(image, trimap=trimap if kept else None, engine=engine)
    assert np.array_equal(made.alpha, alpha if kept else subject())
