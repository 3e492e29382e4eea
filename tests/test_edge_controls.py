"""Edge controls: what a person adjusts on a finished matte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from matteplug import MatteOptions, api, options
from matteplug.matting import edge_controls
from matteplug.testing import FakeEngine
from matteplug.types import Alpha, Rect, Size

EVERY = {
    "smooth_px": 5,
    "feather_px": 7,
    "contrast_percent": 40,
    "shift_edge_percent": -30,
}


def disc(side: int = 400, ramp_px: float = 20) -> Alpha:
    """Return a soft disc, (side, side), whose outline has teeth."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    radius = side / 4 + 4 * np.sign(np.sin(24 * np.arctan2(y, x)))
    return np.asarray(np.clip((radius - np.hypot(x, y)) / ramp_px + 0.5, 0, 1), np.float32)


def ramp(width: int = 200, ramp_px: float = 20) -> Alpha:
    """Return a soft straight edge, (40, width), which crosses one half in the middle."""
    across = np.clip((np.arange(width) - (width - 1) / 2) / ramp_px + 0.5, 0, 1)
    return np.tile(across.astype(np.float32), (40, 1))


def middle(alpha: Alpha) -> float:
    """Return where the edge of a `ramp` runs, in pixels from the left."""
    return float(np.interp(0.5, alpha[20], np.arange(alpha.shape[1])))


@pytest.mark.parametrize("seed", range(8))
def test_defaults_leave_the_same_array(seed: int) -> None:
    rng = np.random.default_rng(seed)
    alpha = rng.random(rng.integers(1, 300, 2), np.float32).round(seed % 3)
    image = rng.integers(0, 256, (*alpha.shape, 3), np.uint8)
    chosen = MatteOptions()
    before = alpha.copy()
    assert edge_controls.tidy(alpha, chosen) is alpha
    assert edge_controls.adjust(alpha, chosen) is alpha
    assert edge_controls.decontaminate(image, ~image, chosen.decontaminate_percent) is not image
    assert np.array_equal(edge_controls.decontaminate(image, ~image, 100), ~image)
    assert edge_controls.decontaminate(image, ~image, 0) is image
    assert np.array_equal(alpha, before)


@pytest.mark.parametrize("name", EVERY)
def test_a_control_keeps_range_shape_and_input(name: str) -> None:
    alpha = disc()
    before = alpha.copy()
    (high,) = (one.high for one in options.of(MatteOptions) if one.name == name)
    for amount in (high, EVERY[name], 1):
        changed = edge_controls.adjust(alpha, options.read(MatteOptions, {name: amount}))
        assert changed.dtype == np.float32
        assert changed.shape == alpha.shape
        assert changed.min() >= 0
        assert changed.max() <= 1
        assert not np.array_equal(changed, alpha)
    assert np.array_equal(alpha, before)


@pytest.mark.parametrize("seed", range(6))
def test_a_rectangle_with_its_margin_is_as_the_whole_picture_has_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    alpha = disc()
    chosen = MatteOptions(
        smooth_px=int(rng.integers(0, 12)),
        feather_px=int(rng.integers(0, 40)),
        contrast_percent=int(rng.integers(0, 90)),
        shift_edge_percent=int(rng.integers(-100, 101)),
    )
    x, y = (int(one) for one in rng.integers(0, 300, 2))
    rect = Rect(x, y, 100, 77)
    margin = edge_controls.margin_px(chosen)
    read = rect.grown(margin, margin).intersection(Rect.from_size(Size.of(alpha)))
    part = edge_controls.adjust(alpha[read.slices], chosen)[rect.relative_to(read).slices]
    whole = edge_controls.adjust(alpha, chosen)[rect.slices]
    np.testing.assert_allclose(part, whole, atol=1e-4)


def test_far_from_the_edge_nothing_changes() -> None:
    alpha = disc(800)
    inside, outside = alpha == 1, alpha == 0
    changed = edge_controls.adjust(alpha, MatteOptions(smooth_px=3, feather_px=9))
    y, x = np.mgrid[:800, :800] - 399.5
    assert (changed[inside & (np.hypot(x, y) < 170)] == 1).all()
    assert (changed[outside & (np.hypot(x, y) > 230)] == 0).all()


def test_smooth_evens_teeth_out_and_keeps_a_straight_edge() -> None:
    y, x = np.mgrid[:400, :400] - 199.5
    round_one = np.hypot(x, y) < 100
    hard = (disc(ramp_px=1e-3) > 0.5).astype(np.float32)
    smooth = edge_controls.smooth(hard, 15)
    assert np.abs(smooth - round_one).sum() < 0.5 * np.abs(hard - round_one).sum()
    edge = ramp()
    np.testing.assert_array_equal(edge_controls.smooth(edge, 9), edge)


def test_feather_reaches_its_radius_and_no_further() -> None:
    for radius in (1, 2, 3, 10, 50):
        blurred = edge_controls.feather((ramp() > 0.5).astype(np.float32), radius)[20]
        soft = np.flatnonzero((blurred > 0) & (blurred < 1))
        assert 2 * radius - 2 <= np.ptp(soft) + 1 <= 2 * radius
        assert middle(blurred[None].repeat(40, 0)) == pytest.approx(99.5, abs=1e-3)


def test_contrast_narrows_a_transition_where_it_is() -> None:
    def width(alpha: Alpha) -> int:
        return int(((alpha[20] > 0) & (alpha[20] < 1)).sum())

    assert width(edge_controls.contrast(ramp(), 50)) == width(ramp()) / 2
    assert width(edge_controls.contrast(ramp(), 100)) == 0
    assert middle(edge_controls.contrast(ramp(), 50)) == pytest.approx(99.5)


def test_shift_edge_moves_outward_and_inward_and_keeps_what_is_sure() -> None:
    alpha = ramp()
    edges = [middle(edge_controls.shift_edge(alpha, one)) for one in (100, 40, 0, -40, -100)]
    assert edges == sorted(edges)
    assert edges[0] == pytest.approx(99.5 - 20 * (0.5 - 1 / 17), abs=0.1)
    assert edges[-1] == pytest.approx(99.5 + 20 * (16 / 17 - 0.5), abs=0.1)
    for percent in (-100, 100):
        shifted = edge_controls.shift_edge(alpha, percent)
        assert np.array_equal(shifted == 0, alpha == 0)
        assert np.array_equal(shifted == 1, alpha == 1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_decontaminate_goes_from_the_picture_to_the_foreground(dtype: Any) -> None:
    rng = np.random.default_rng(1)
    full = 1 if dtype is np.float32 else np.iinfo(dtype).max
    image, foreground = ((rng.random((20, 30, 3)) * full).astype(dtype) for _ in range(2))
    foreground[:10] = image[:10]
    half = edge_controls.decontaminate(image, foreground, 50)
    assert half.dtype == dtype
    assert np.array_equal(half[:10], image[:10])
    expected = (image.astype(float) + foreground) / 2
    np.testing.assert_allclose(half, expected, atol=0.51 if dtype is not np.float32 else 1e-6)


def test_a_matte_is_adjusted_and_its_colours_are_those_of_the_edge_before() -> None:
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (60, 80, 3), np.uint8)
    trimap = np.repeat(np.array([0, 128, 255], np.uint8), (30, 20, 30))[None].repeat(60, axis=0)
    trimap[3:5, 3:5] = 255

    def made(**given: Any) -> Any:
        return api.matte(image, trimap=trimap, engine=FakeEngine(), **given)

    plain, adjusted = made(), made(**EVERY, remove_islands_px=9)
    expected = edge_controls.tidy(plain.alpha, MatteOptions(remove_islands_px=9))
    assert not np.array_equal(expected, plain.alpha)
    expected = edge_controls.adjust(expected, options.read(MatteOptions, EVERY))
    np.testing.assert_array_equal(adjusted.alpha, expected)
    assert np.array_equal(made(**EVERY).foreground, plain.foreground)
    assert np.array_equal(made(decontaminate_percent=0).foreground, image)
    assert np.array_equal(made(clean_colours=False).foreground, image)
    half = edge_controls.decontaminate(image, plain.foreground, 50)
    assert np.array_equal(made(decontaminate_percent=50).foreground, half)
