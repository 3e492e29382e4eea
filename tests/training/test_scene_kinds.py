"""The kinds of scenes that a trimap network fails on: reproducible, exact, and what they claim."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from matteplug.training.scenes import KIND_WEIGHTS, KINDS, STYLES, WEIGHTS, Scene, SceneSource
from matteplug.training.scenes import trimaps as ordinary
from matteplug.training.scenes.kinds import (
    camouflage,
    careless,
    clutter,
    dark_on_dark,
    gaps,
    own_colours,
    strokes,
)
from matteplug.training.scenes.kinds.kind import SceneLayers, Supplies
from matteplug.training.scenes.noise import Field
from matteplug.training.scenes.photographs import Photographs
from matteplug.training.scenes.textures import Textures

SIZE = 96
DRAWN = ("yarn", "wire", "flyaways")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(2)
    for number in range(12):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (200, 150), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"photo{number}.jpg"), picture)
    return folder


@pytest.fixture
def disc() -> SceneLayers:
    """A red disc of 30 px in front of blue."""
    alpha = np.zeros((SIZE, SIZE), np.float32)
    cv2.circle(alpha, (48, 48), 30, 1.0, -1)
    red, blue = (np.full((SIZE, SIZE, 3), c, np.float32) for c in ((0.8, 0.2, 0.1), (0, 0, 0.9)))
    return SceneLayers(red, alpha, blue)


def stage(photos: Path) -> Supplies:
    def another(styles: object) -> tuple[Field, Field]:
        alpha = np.zeros((SIZE, SIZE), np.float32)
        alpha[:, :40] = 1
        return np.full((SIZE, SIZE, 3), 0.5, np.float32), alpha

    return Supplies(Textures(Photographs(photos, "train"), SIZE), 0, another)


def quantised(alpha: Field) -> Field:
    levels: Field = np.rint(alpha * 255).astype(np.uint8)
    return levels


def scenes(photos: Path, style: str, count: int = 4) -> list[Scene]:
    source = SceneSource(seed=6, size_px=SIZE, photos=photos, styles={style: 1}, pool_size=5)
    return [source.sample(index) for index in range(count)]


@pytest.mark.parametrize("style", [*DRAWN, *KINDS])
def test_kinds_are_reproducible_and_their_known_areas_true(style: str, photos: Path) -> None:
    for once, again in zip(scenes(photos, style), scenes(photos, style), strict=True):
        assert once.styles[-1] == style
        for name in ("image", "trimap", "alpha", "foreground", "background"):
            np.testing.assert_array_equal(getattr(once, name), getattr(again, name))
        assert set(np.unique(once.trimap)) <= {0, 128, 255}
        assert (once.trimap == 128).any()
        if style != "careless":
            assert once.alpha[once.trimap == 255].min(initial=255) >= 255 - ordinary.TOLERANCE
            assert once.alpha[once.trimap == 0].max(initial=0) <= ordinary.TOLERANCE


@pytest.mark.parametrize("style", ["strokes", "wire"])
def test_held_scenes_of_a_kind_are_not_those_of_training(style: str, photos: Path) -> None:
    held = SceneSource(
        seed=6, size_px=SIZE, photos=photos, styles={style: 1}, pool_size=5, split="holdout"
    )
    assert not np.array_equal(held.sample(0).alpha, scenes(photos, style, 1)[0].alpha)


def test_a_tenth_to_a_fifth_of_the_crops_are_of_these_kinds() -> None:
    everything = sum(WEIGHTS.values()) - WEIGHTS["subjects"] + sum(KIND_WEIGHTS.values())
    ours = sum(WEIGHTS[name] for name in DRAWN) + sum(KIND_WEIGHTS.values())
    assert KINDS.keys() == KIND_WEIGHTS.keys()
    assert 0.1 < ours / everything < 0.2


def test_kinds_can_be_held_out_and_portraits_have_none(photos: Path) -> None:
    two = {"solid": 1.0, "strokes": 9.0}
    rest = SceneSource(
        seed=1, size_px=SIZE, photos=photos, styles=two, holdout_styles=("strokes",), pool_size=2
    )
    assert {style for i in range(4) for style in rest.sample(i).styles} == {"solid"}
    portrait = SceneSource(
        seed=1, size_px=SIZE, photos=photos, styles=two, layout="portrait", pool_size=2
    )
    assert "strokes" not in {style for i in range(4) for style in portrait.sample(i).styles}


@pytest.mark.parametrize("seed", range(6))
def test_a_thing_touches_the_object_and_is_wholly_unknown(
    seed: int, disc: SceneLayers, photos: Path
) -> None:
    rng = np.random.default_rng(seed)
    made = own_colours.arrange(rng, disc, stage(photos))
    assert made.hidden is not None
    assert 0 <= made.alpha.min() <= made.alpha.max() <= 1
    added = (made.alpha > 0.5) & (disc.alpha < 0.5)
    assert added.any()
    assert made.hidden[added].all()
    assert (cv2.dilate(made.hidden.astype(np.uint8), np.ones((3, 3))) * disc.alpha).any()
    trimap = ordinary.draw(rng, quantised(made.alpha), made.hidden)
    assert (trimap[made.hidden] == 128).all()
    assert (trimap == 255).any()


def test_without_anything_opaque_there_is_nothing_to_hold_a_thing(
    disc: SceneLayers, photos: Path
) -> None:
    thin = disc._replace(alpha=disc.alpha * np.float32(0.5))
    assert own_colours.arrange(np.random.default_rng(0), thin, stage(photos)) is thin


def test_gaps_show_background_and_are_wholly_unknown(disc: SceneLayers, photos: Path) -> None:
    rng = np.random.default_rng(3)
    made = gaps.arrange(rng, disc, stage(photos))
    assert made.hidden is not None
    assert made.alpha[made.hidden].min() < 0.01
    trimap = ordinary.draw(rng, quantised(made.alpha), made.hidden)
    assert (trimap[made.hidden] == 128).all()


def test_strokes_leave_nine_tenths_unknown(disc: SceneLayers) -> None:
    alpha = quantised(disc.alpha)
    for seed in range(8):
        trimap = strokes.draw(np.random.default_rng(seed), alpha)
        assert 0.87 < (trimap == 128).mean() < 0.985
        assert (alpha[trimap == 255] == 255).all()
        assert (alpha[trimap == 0] == 0).all()
        assert (trimap == 255).any()
        assert (trimap == 0).any()


def test_strokes_on_nothing_are_all_background() -> None:
    trimap = strokes.draw(np.random.default_rng(0), np.zeros((64, 64), np.uint8))
    assert set(np.unique(trimap)) == {0, 128}


def test_displaced_trimaps_are_wrong_by_a_few_pixels_only(disc: SceneLayers) -> None:
    alpha = quantised(disc.alpha)
    exact = np.where(alpha > 127, 255, 0).astype(np.uint8)
    shifted = [careless.displaced(np.random.default_rng(seed), exact) for seed in range(8)]
    assert any((one != exact).any() for one in shifted)
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))
    for one in shifted:
        assert (cv2.dilate(alpha, reach)[one == 255] == 255).all()
        assert (cv2.erode(alpha, reach)[one == 0] == 0).all()


def test_sparse_trimaps_know_little(disc: SceneLayers) -> None:
    exact = np.where(disc.alpha > 0.5, 255, 0).astype(np.uint8)
    few = careless.sparse(np.random.default_rng(1), exact)
    assert set(np.unique(few)) == {0, 128, 255}
    assert (few == 128).mean() > 0.5
    assert (few[few != 128] == exact[few != 128]).all()


def test_dark_hair_is_before_dark_cloth(disc: SceneLayers, photos: Path) -> None:
    made = dark_on_dark.arrange(np.random.default_rng(5), disc, stage(photos))
    assert made.foreground.mean() < 0.21
    assert made.background.mean() < 0.34
    assert made.background.std() > 0.01


def test_camouflage_takes_the_colours_of_the_front(disc: SceneLayers, photos: Path) -> None:
    def apart(layers: SceneLayers) -> float:
        means = (layers.foreground.mean((0, 1)), layers.background.mean((0, 1)))
        return float(np.abs(means[0] - means[1]).sum())

    assert apart(camouflage.arrange(np.random.default_rng(0), disc, stage(photos))) < apart(disc)


def test_clutter_stands_behind(disc: SceneLayers, photos: Path) -> None:
    made = clutter.arrange(np.random.default_rng(0), disc, stage(photos))
    assert (made.background[:, :40] == 0.5).all()
    np.testing.assert_array_equal(made.background[:, 40:], disc.background[:, 40:])
    assert made.alpha is disc.alpha


def test_wires_have_regular_small_holes() -> None:
    widths = []
    for seed in range(6):
        alpha = STYLES["wire"](np.random.default_rng(seed), 256).alpha
        holes = (alpha < 128).astype(np.uint8)
        _, _, statistics, _ = cv2.connectedComponentsWithStats(holes, connectivity=4)
        small = statistics[(statistics[:, cv2.CC_STAT_AREA] < 400)]
        assert len(small) > 20
        widths.append(np.median(np.sqrt(small[:, cv2.CC_STAT_AREA])))
    assert 1 <= min(widths) < max(widths) <= 13
