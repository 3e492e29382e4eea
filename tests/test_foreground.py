"""Straight colours: exact where they are seen, right where mixed, smooth where hidden."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.errors import Cancelled
from matteplug.matting import foreground
from matteplug.types import CancelToken

Floats = NDArray[np.float32]
RED, GREEN, GREY = np.array([[0.85, 0.2, 0.15], [0.05, 0.9, 0.1], [0.3, 0.4, 0.5]], np.float32)


def strands(width: int = 320, height: int = 240) -> Floats:
    """An opaque disc with thin strands."""
    rng = np.random.default_rng(5)
    canvas = np.zeros((2 * height, 2 * width), np.uint8)
    centre, radius = np.array([width, height]), 0.5 * height
    cv2.circle(canvas, (width, height), int(radius), 255, -1, cv2.LINE_AA)
    for angle in rng.uniform(0, 2 * np.pi, 250):
        way = np.array([np.cos(angle), np.sin(angle)])
        ends = [centre + way * radius * reach for reach in (0.9, rng.uniform(1.1, 1.8))]
        cv2.polylines(canvas, [np.rint(np.array(ends)).astype(int)], False, 255, 1, cv2.LINE_AA)
    half = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(half / 255, np.float32)


def texture(shape: tuple[int, int], base: Floats, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    out: Floats = np.broadcast_to(base, (*shape, 3)).copy()
    for cells, strength in ((5, 0.15), (24, 0.08)):
        noise = rng.uniform(-1, 1, (cells, cells, 3)).astype(np.float32)
        out += strength * cv2.resize(noise, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(out, 0, 1).astype(np.float32)


def strand_composite(background: Floats, seed: int = 0) -> tuple[Floats, Floats, Floats, Floats]:
    """Image with a little noise, alpha, and the true foreground and background."""
    alpha = strands()
    F, B = texture(alpha.shape, RED, 1 + seed), texture(alpha.shape, background, 2 + seed)
    share = alpha[..., None]
    noise = np.random.default_rng(seed).normal(0, 1 / 255, F.shape)
    image = np.clip(share * F + (1 - share) * B + noise, 0, 1).astype(np.float32)
    return image, alpha, F, B


def scaled(image: Floats, dtype: Any) -> NDArray[Any]:
    if np.dtype(dtype).kind == "f":
        return image.astype(dtype)
    return np.rint(image * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_opaque_pixels_keep_their_exact_value_and_the_dtype_stays(dtype: Any) -> None:
    image, alpha, _, _ = strand_composite(GREEN)
    stored = scaled(image, dtype)
    before = stored.copy()
    result = foreground.estimate(stored, alpha)
    assert (result.dtype, result.shape) == (stored.dtype, stored.shape)
    np.testing.assert_array_equal(result[alpha == 1], stored[alpha == 1])
    np.testing.assert_array_equal(stored, before)
    assert (result[alpha < 1] != stored[alpha < 1]).any()


@pytest.mark.parametrize("background", [GREEN, GREY])
def test_recomposing_over_the_original_background_gives_the_image(background: Floats) -> None:
    image, alpha, _, B = strand_composite(background)
    share = alpha[..., None]
    error = np.abs(share * foreground.estimate(image, alpha) + (1 - share) * B - image)
    assert error.mean() < 2 / 255
    assert error[(alpha > 0) & (alpha < 1)].mean() < 4 / 255


def test_a_green_background_leaves_at_most_half_of_plain_copyings_fringe() -> None:
    for seed in range(3):
        image, alpha, F, _ = strand_composite(GREEN, seed)
        weight = np.where(alpha < 1, alpha, 0)[..., None]
        copied = (np.abs(image - F) * weight).sum()
        estimated = (np.abs(foreground.estimate(image, alpha) - F) * weight).sum()
        assert estimated < 0.25 * copied


def test_depths_agree() -> None:
    image, alpha, _, _ = strand_composite(GREEN)
    eight = scaled(image, np.uint8)
    as_float = foreground.estimate(eight.astype(np.float32) / 255, alpha)
    assert np.abs(foreground.estimate(eight, alpha) / 255.0 - as_float).max() <= 0.5 / 255 + 1e-5
    sixteen = eight.astype(np.uint16) * 257
    assert np.abs(foreground.estimate(sixteen, alpha) / 65535.0 - as_float).max() < 1e-4


def test_under_alpha_zero_the_foregrounds_colour_goes_on() -> None:
    alpha = np.zeros((300, 500), np.float32)
    cv2.circle(alpha, (350, 180), 25, 1, -1)
    alpha = (np.rint(cv2.GaussianBlur(alpha, (0, 0), 2) * 255) / 255).astype(np.float32)
    image = alpha[..., None] * RED + (1 - alpha[..., None]) * GREEN
    result = foreground.estimate(image, alpha)
    assert np.abs(result - RED).max() < 0.05, "the background must not shine through anywhere"
    assert np.abs(np.diff(result, axis=0)).max() < 0.02, "smooth"


def test_tiles_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    image, alpha, _, _ = strand_composite(GREEN)
    whole = foreground.estimate(image, alpha)
    monkeypatch.setattr(foreground, "TILE_PX", 32)
    tiled = foreground.estimate(image, alpha)
    seen = alpha > 0
    np.testing.assert_allclose(tiled[seen], whole[seen], atol=1e-3)
    assert np.abs(tiled - whole).max() < 0.02


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (2, 1), (1, 9), (257, 3), (255, 513)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_any_size_and_any_alpha_gives_colours(size: tuple[int, int], dtype: Any) -> None:
    rng = np.random.default_rng(1)
    image = scaled(rng.random((*size, 3), np.float32), dtype)
    for alpha in (np.zeros(size, np.float32), rng.random(size, np.float32)):
        result = foreground.estimate(image, alpha)
        assert result.shape == image.shape
        assert np.isfinite(result).all()
    same = foreground.estimate(image, np.ones(size, np.float32))
    np.testing.assert_array_equal(same, image)


def test_progress_is_by_tile_and_ends_at_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreground, "TILE_PX", 64)
    image, alpha, _, _ = strand_composite(GREEN)
    shares: list[float] = []
    foreground.estimate(image, alpha, progress=lambda share, what: shares.append(share))
    assert len(shares) == 20  # of 5 × 4 tiles
    assert shares == sorted(set(shares))
    assert (shares[0] > 0.25, shares[-1]) == (True, 1.0)


@pytest.mark.parametrize("tiles", [1, 12])
def test_it_is_cancelled_between_tiles_of_any_level(
    tiles: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreground, "TILE_PX", 64)
    image, alpha, _, _ = strand_composite(GREEN)
    token, refine, refined = CancelToken(), foreground._refine, 0

    def counted(*arguments: Any) -> Any:
        nonlocal refined
        refined += 1
        if refined == tiles:
            token.cancel()
        return refine(*arguments)

    monkeypatch.setattr(foreground, "_refine", counted)
    with pytest.raises(Cancelled):
        foreground.estimate(image, alpha, cancel=token)
    assert refined == tiles


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(4, 5\)"):
        foreground.estimate(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.float32))
    with pytest.raises(ValueError, match=r"\(4, 4, 4\)"):
        foreground.estimate(np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4), np.float32))


def test_memory_stays_bounded() -> None:
    alpha = np.full((2000, 2000), 0.5, np.float32)
    image = np.full((2000, 2000, 3), 99, np.uint8)
    tracemalloc.start()
    try:
        foreground.estimate(image, alpha)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 28 * alpha.size, "bytes a pixel, the result's three included"


def test_neither_numba_nor_torch_is_loaded() -> None:
    code = (
        "import sys, numpy as np; from matteplug.matting import foreground;"
        "foreground.estimate(np.zeros((8, 8, 3), np.uint8), np.full((8, 8), 0.5, np.float32));"
        "sys.exit('numba' in sys.modules or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
