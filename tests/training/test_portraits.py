"""Portraits among the synthetic scenes: people cut only by the frame, and empty pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from matteplug.training.scenes import layers
from matteplug.training.scenes.colour_maps import with_similar_colours
from matteplug.training.scenes.drawn.cutout import flat
from matteplug.training.scenes.layers import Drawn
from matteplug.training.scenes.rendered_people import anonymous
from matteplug.training.scenes.source import SceneSource


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Return photographs of noise, and people: dark columns that reach the lower edge."""
    rng = np.random.default_rng(0)
    photos, people = tmp_path / "photos", tmp_path / "people"
    photos.mkdir()
    people.mkdir()
    for i in range(12):
        cv2.imwrite(str(photos / f"{i}.png"), rng.integers(0, 255, (160, 200, 3), dtype=np.uint8))
    for i in range(3):
        person = np.full((128, 128, 4), 40, np.uint8)
        person[..., 3] = 0
        person[30:, 40:80, 3] = 255
        cv2.imwrite(str(people / f"{i}.png"), person)
    return {"photos": photos, "people": people}


def test_people_are_meant_and_all_else_stands_around(folders: dict[str, Path]) -> None:
    source = SceneSource(
        seed=3,
        size_px=48,
        layout="portrait",
        styles={"people": 1.0, "solid": 1.0, "bars": 1.0},
        pool_size=2,
        photos=folders["photos"],
        people=folders["people"],
    )
    scenes = [source.sample(index) for index in range(60)]
    assert {style for scene in scenes for style in scene.styles} == {"people"}
    nobody = [scene for scene in scenes if not scene.styles]
    assert 0 < len(nobody) < 12
    assert not any(scene.alpha.any() for scene in nobody)


@pytest.mark.parametrize("seed", range(12))
def test_a_cut_object_ends_at_the_frame_or_beyond(seed: int) -> None:
    alpha = np.zeros((200, 200), np.uint8)
    alpha[60:, 50:] = 255  # cut below and on the right
    drawn = Drawn.of(flat(alpha))
    rng = np.random.default_rng(seed)
    pose = layers.whole(rng, drawn, 64)._replace(mirrored=False, turn=0.0)
    view = layers.view(drawn, 64, pose)[..., 0]
    shown = np.nonzero(view > 0.5)
    assert shown[0].max() == 63
    assert shown[1].max() == 63


def test_a_blurred_face_leaves_the_rest_alone() -> None:
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 255, (100, 100, 3), dtype=np.uint8)
    alpha = np.zeros((100, 100), np.uint8)
    alpha[20:, 30:70] = 255
    blurred = anonymous(colour, alpha)
    face = (slice(30, 40), slice(45, 55))
    assert blurred[face].std() < 0.5 * colour[face].std()
    assert np.array_equal(blurred[70:], colour[70:])
    assert np.array_equal(anonymous(colour, np.zeros_like(alpha)), colour)


def test_a_background_takes_on_the_persons_colours() -> None:
    alpha = np.zeros((32, 32), np.float32)
    alpha[8:24, 8:24] = 1
    foreground = np.full((32, 32, 3), (0.7, 0.2, 0.4), np.float32)
    background = np.full((32, 32, 3), 0.3, np.float32)
    moved = with_similar_colours(np.random.default_rng(1), background, foreground, alpha).mean(
        axis=(0, 1)
    )
    apart = np.abs(moved - foreground[0, 0])
    assert (apart < np.abs(np.array([0.4, 0.1, 0.1])) * 0.75).all()
