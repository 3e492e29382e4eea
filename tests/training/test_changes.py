"""What changes between a plate and its picture: shadows, reflections, small things that move."""

from __future__ import annotations

import numpy as np
import pytest

from matteplug.training.scenes import plate_differences
from matteplug.training.scenes.noise import Field

SIZE = 96


def scene() -> tuple[Field, Field, Field]:
    """Return grey before which a red bar stands that ends above the lower edge, and its alpha."""
    background = np.full((SIZE, SIZE, 3), 0.5, np.float32)
    foreground = np.zeros_like(background)
    foreground[..., 0] = 1
    alpha = np.zeros((SIZE, SIZE), np.float32)
    alpha[:60, 40:60] = 1
    return background, foreground, alpha


def test_a_reflection_is_faint_and_begins_where_the_object_ends() -> None:
    background, foreground, alpha = scene()
    seen = 0
    for seed in range(12):
        behind = plate_differences.with_reflection(
            np.random.default_rng(seed), background, foreground, alpha
        )
        redder = behind[..., 0] - behind[..., 1]
        assert 0.05 < redder.max() < 0.7  # of 1, what the object itself differs by
        below, left, right = redder[64:, 40:60], redder[:60, :36], redder[:60, 64:]
        shown = [side.max() > 0.04 for side in (below, left, right)]
        assert sum(shown) == 1
        seen += shown[0]
        if shown[0]:
            assert below[0].mean() > below[-1].mean()
            assert redder[:54].max() < 0.01
    assert 2 < seen < 11


def test_nothing_is_mirrored_where_there_is_no_room() -> None:
    background, foreground, alpha = scene()
    for nothing in (np.ones_like(alpha), np.zeros_like(alpha)):
        behind = plate_differences.with_reflection(
            np.random.default_rng(0), background, foreground, nothing
        )
        np.testing.assert_array_equal(behind, background)


def test_things_that_move_are_small_and_sharp() -> None:
    rng = np.random.default_rng(0)
    background = rng.random((SIZE, SIZE, 3), dtype=np.float32)
    for seed in range(12):
        behind = plate_differences.with_visitors(np.random.default_rng(seed), background)
        changed = np.abs(behind - background).max(axis=2)
        assert 0 < (changed > 0).mean() < 0.03
        assert changed.max() > 0.1
        assert 0 <= behind.min() <= behind.max() <= 1


def test_plate_and_picture_differ_as_often_as_said() -> None:
    background, foreground, alpha = scene()
    plates, pictures = [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        apart, behind = plate_differences.between(rng, background, foreground, alpha)
        plates.append(not np.array_equal(apart, background))
        pictures.append(not np.array_equal(behind, background))
    assert np.mean(plates) == pytest.approx(plate_differences.VISITORS_PROBABILITY / 2, abs=0.04)
    unchanged = (
        (1 - plate_differences.SHADOW_PROBABILITY)
        * (1 - plate_differences.REFLECTION_PROBABILITY)
        * (1 - plate_differences.VISITORS_PROBABILITY / 2)
    )
    assert np.mean(pictures) == pytest.approx(1 - unchanged, abs=0.07)
    assert background.std() == 0
