"""What the shipped networks do with a plate, and with no guide at all."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import matteplug
from matteplug import plugins
from matteplug.images import pixels
from matteplug.network import Guide

Colours = NDArray[np.float32]


@pytest.fixture(scope="module")
def background() -> Colours:
    """A backdrop (240, 320, 3), [0, 1], with texture on several scales."""
    rng = np.random.default_rng(3)
    total = np.full((240, 320, 3), (0.2, 0.3, 0.5), np.float32)
    for cells in (3, 7, 20):
        grid = rng.normal(0, 0.07, (cells, cells, 3)).astype(np.float32)
        total += np.asarray(cv2.resize(grid, (320, 240), interpolation=cv2.INTER_CUBIC))
    return np.clip(total, 0, 1)


@pytest.fixture(scope="module")
def alpha() -> NDArray[np.float32]:
    """A ball with hair that stands off it."""
    rng = np.random.default_rng(5)
    large = np.zeros((960, 1280), np.uint8)
    cv2.circle(large, (640, 520), 240, 255, -1, cv2.LINE_AA)
    for _ in range(48):
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(250, 360)
        tip = (640 + length * np.cos(angle), 520 + length * np.sin(angle))
        cv2.line(large, (640, 520), (int(tip[0]), int(tip[1])), 255, 11, cv2.LINE_AA)
    blurred = cv2.GaussianBlur(large, (0, 0), 6)  # as of a lens
    small = cv2.resize(blurred, (320, 240), interpolation=cv2.INTER_AREA)
    return pixels.to_float(np.asarray(small, np.uint8))


def eight_bits(colours: Colours) -> NDArray[np.uint8]:
    return np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)


def test_a_plate_is_enough_to_cut_out_hair(background: Colours, alpha: NDArray[np.float32]) -> None:
    rng = np.random.default_rng(1)
    share = alpha[..., None]
    front = np.clip(0.4 * background[::-1] + (0.55, 0.4, 0.0), 0, 1)
    image = share * front + (1 - share) * background + rng.normal(0, 0.006, background.shape)
    moved = np.array([[1, 0, 1.6], [0, 1, -0.9]], np.float32)
    plate = 1.06 * cv2.warpAffine(background, moved, (320, 240), borderMode=cv2.BORDER_REFLECT)
    made = matteplug.matte(eight_bits(image), plate=eight_bits(np.asarray(plate)))
    assert made.network == "background-matting"
    unknown = (alpha > 0) & (alpha < 1)
    assert np.square(made.alpha - alpha)[unknown].mean() < 0.01
    certain = cv2.dilate(unknown.astype(np.uint8), np.ones((5, 5))) == 0
    assert np.abs(made.alpha - alpha)[certain].mean() < 0.002


def test_a_picture_of_nobody_gives_an_empty_matte_and_a_note(background: Colours) -> None:
    made = matteplug.matte(eight_bits(background))
    spec = plugins.registry().network(made.network)
    assert spec.guide is Guide.NONE
    assert made.confidence is not None
    assert not made.alpha.any()
    assert any("Nothing to cut out was found" in note for note in made.notes)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 900, 3), (37, 19, 3)])
def test_portraits_of_any_shape_are_taken(shape: tuple[int, int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    assert matteplug.matte(picture).alpha.shape == shape[:2]
