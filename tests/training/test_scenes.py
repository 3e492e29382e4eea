"""The generator: reproducible, exact, and honest about what is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from matteplug.errors import RequestError
from matteplug.training.scenes import (
    NO_EFFECTS,
    STYLES,
    Effects,
    Scene,
    SceneSource,
    blur,
    holes,
    layers,
    plate_differences,
)
from matteplug.training.scenes.colour_bleed import extended
from matteplug.training.scenes.layers import Drawn
from matteplug.training.scenes.photographs import Photographs, Split, split_of
from matteplug.training.scenes.rendered_people import People
from matteplug.training.scenes.source import composed
from matteplug.training.scenes.sprites import Sprites
from matteplug.training.scenes.trimaps import TOLERANCE
from matteplug.training.sheet import sheet

SIZE = 96


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(1)
    for number in range(24):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (200, 150), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"photo{number}.jpg"), picture)
    return folder


@pytest.fixture(scope="module")
def sprites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sprites")
    y, x = np.mgrid[0:80, 0:80].astype(np.float32)
    disc = np.clip(30.5 - np.hypot(x - 40, y - 40), 0, 1)[..., None] * 255
    cv2.imwrite(str(folder / "disc.png"), np.dstack([x * 3, y * 3, x + y, disc]).astype(np.uint8))
    return folder


def same(a: Scene, b: Scene) -> bool:
    arrays = ("image", "trimap", "alpha", "foreground", "background")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays)


def test_scene_depends_on_seed_and_index_only(photos: Path) -> None:
    once = SceneSource(seed=4, size_px=SIZE, photos=photos, pool_size=3)
    again = SceneSource(seed=4, size_px=SIZE, photos=photos, pool_size=3)
    forwards = [once.sample(index) for index in range(6)]
    backwards = [again.sample(index) for index in reversed(range(6))][::-1]
    assert all(same(a, b) for a, b in zip(forwards, backwards, strict=True))
    assert not same(forwards[0], forwards[1])
    assert not same(
        forwards[0], SceneSource(seed=5, size_px=SIZE, photos=photos, pool_size=3).sample(0)
    )


@pytest.mark.parametrize("plates", [False, True])
@pytest.mark.parametrize("light", [1.0, 2.2])
def test_image_is_the_composition_of_its_layers(
    plates: bool, light: float, photos: Path, sprites: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plate_differences, "REFLECTION_PROBABILITY", 1.0)
    monkeypatch.setattr(plate_differences, "VISITORS_PROBABILITY", 1.0)
    source = SceneSource(
        seed=1,
        size_px=SIZE,
        photos=photos,
        sprites=sprites,
        pool_size=4,
        effects=NO_EFFECTS if light == 1 else Effects(camera=False, linear_fraction=1.0),
        plates=plates,
    )
    for index in range(8):
        scene = source.sample(index)
        alpha = scene.alpha[..., None] / 255.0
        front, back = ((layer / 255.0) ** light for layer in (scene.foreground, scene.background))
        mixed = 255 * (front * alpha + back * (1 - alpha)) ** (1 / light)
        assert np.abs(mixed - scene.image).max() <= 0.51


def test_some_scenes_are_composed_in_linear_light(photos: Path) -> None:
    source = SceneSource(
        seed=2,
        size_px=SIZE,
        photos=photos,
        pool_size=4,
        effects=Effects(camera=False, linear_fraction=0.5),
    )
    linear = 0
    for index in range(24):
        scene = source.sample(index)
        alpha = scene.alpha[..., None] / 255.0
        mixed = scene.foreground * alpha + scene.background * (1 - alpha)
        linear += np.abs(mixed - scene.image).max() > 1
    assert 4 < linear < 20


def test_half_of_white_over_black_is_bright_in_linear_light() -> None:
    white, black = (np.full((2, 2, 3), level, np.uint8) for level in (255, 0))
    half = np.full((2, 2), 128, np.uint8)
    assert composed(white, half, black, 1.0) == pytest.approx(128 / 255, abs=1e-6)
    assert composed(white, half, black, 2.2) == pytest.approx((128 / 255) ** (1 / 2.2), abs=1e-6)


def test_camera_changes_the_image_only(photos: Path) -> None:
    plain = SceneSource(seed=1, size_px=SIZE, photos=photos, pool_size=2, effects=NO_EFFECTS)
    seen = SceneSource(seed=1, size_px=SIZE, photos=photos, pool_size=2)
    differ = 0
    for index in range(6):
        a, b = plain.sample(index), seen.sample(index)
        assert np.array_equal(a.alpha, b.alpha)
        assert np.array_equal(a.foreground, b.foreground)
        differ += not np.array_equal(a.image, b.image)
    assert differ > 0


def test_what_a_trimap_calls_known_is_known(photos: Path) -> None:
    source = SceneSource(
        seed=9,
        size_px=2 * SIZE,
        photos=photos,
        holdout_styles=("careless",),
        pool_size=6,
        reuse=4,
    )
    widths = []
    for index in range(80):
        scene = source.sample(index)
        assert set(np.unique(scene.trimap)) <= {0, 128, 255}
        assert scene.alpha[scene.trimap == 255].min(initial=255) >= 255 - TOLERANCE
        assert scene.alpha[scene.trimap == 0].max(initial=0) <= TOLERANCE
        widths.append((scene.trimap == 128).mean())
    assert min(widths) < 0.1
    assert max(widths) > 0.6


def test_gaps_are_clear_and_surrounded_by_the_object() -> None:
    whole = np.zeros((128, 128), np.float32)
    cv2.circle(whole, (64, 64), 50, 1.0, -1)
    pierced = holes.cut(np.random.default_rng(2), whole)
    count, labels = cv2.connectedComponents((pierced < 0.5).astype(np.uint8), connectivity=4)
    around = int(labels[0, 0])
    inner = [number for number in range(1, count) if number != around]
    assert inner
    for number in inner:
        y, x = np.nonzero(labels == number)
        assert np.hypot(y - 64, x - 64).max() < 50
    assert (pierced <= whole).all()
    nothing = np.full((128, 128), 0.5, np.float32)
    assert np.array_equal(holes.cut(np.random.default_rng(2), nothing), nothing)


@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_style_draws(style: str, photos: Path) -> None:
    cutouts = [STYLES[style](np.random.default_rng(seed), 160) for seed in range(3)]
    fractions = [(cutout.alpha > 128).mean() for cutout in cutouts]
    assert max(fractions) > 0.01
    assert min((cutout.alpha == 0).mean() for cutout in cutouts) < 0.99
    assert not np.array_equal(cutouts[0].alpha, cutouts[1].alpha)
    scene = SceneSource(seed=2, size_px=SIZE, photos=photos, styles={style: 1}, pool_size=1).sample(
        0
    )
    assert scene.styles[0] == style
    assert scene.alpha.max() > 60


def test_things_out_of_focus_cover_as_much_in_the_same_colour() -> None:
    alpha = np.zeros((96, 96), np.float32)
    alpha[47:49, 10:86] = 1  # a strand of two pixels
    colour = np.full((96, 96, 3), (0.2, 0.5, 0.8), np.float32)
    straight, cover = blur.soft(colour, alpha, 1.5)
    assert 0.45 < cover.max() < 0.55  # nowhere opaque: two pixels of a Gaussian of 1.5
    assert cover.sum() == pytest.approx(alpha.sum(), rel=1e-3)
    np.testing.assert_allclose(straight, colour, atol=0.02)
    assert blur.soft(colour, alpha, 0.0)[1] is alpha


def test_some_drawings_are_out_of_focus() -> None:
    drawn = [Drawn.of(STYLES["bars"](np.random.default_rng(seed), 64)) for seed in range(40)]
    soft = [one.blur_px for one in drawn if one.blur_px]
    assert 5 < len(soft) < 20
    assert 0.8 <= min(soft) < max(soft) <= 2.5
    assert Drawn.of(STYLES["letters"](np.random.default_rng(0), 64)).blur_px == 0


def test_held_photographs_are_never_trained_on(photos: Path) -> None:
    train = {path.name for path in Photographs(photos, "train").paths}
    holdout = {path.name for path in Photographs(photos, "holdout").paths}
    assert train
    assert holdout
    assert not train & holdout
    assert len(train | holdout) == 24
    assert split_of(Path("a/photo1.jpg")) == split_of(Path("b/photo1.jpg"))


@pytest.mark.parametrize("kind", ["sprites", "people"])
def test_held_cut_outs_are_never_trained_on(kind: str, photos: Path, tmp_path: Path) -> None:
    for level in range(20, 240, 20):
        person = np.full((64, 64, 4), level, np.uint8)
        person[..., 1] = 255 - level
        person[:20, :, 3], person[20:, :, 3] = 0, 255
        cv2.imwrite(str(tmp_path / f"{level}.png"), person)

    def shown(split: Split) -> set[int]:
        source = SceneSource(
            seed=1, size_px=32, photos=photos, sprites=tmp_path, people=tmp_path, split=split
        )
        draw = source._subjects.drawers[kind]
        cutouts = [draw(np.random.default_rng(seed), 64) for seed in range(60)]
        return {int(cutout.channels()[..., 3:].max()) for cutout in cutouts}

    assert len(shown("train")) > len(shown("holdout")) > 0
    assert not shown("train") & shown("holdout")


def test_a_folder_too_small_to_be_split_is_refused(photos: Path, sprites: Path) -> None:
    with pytest.raises(RequestError, match=r"None of the cut-outs in .* the split “holdout”"):
        SceneSource(seed=1, size_px=SIZE, photos=photos, sprites=sprites, split="holdout")


def test_sprites_keep_their_colours(sprites: Path) -> None:
    for seed in range(4):
        cutout = Sprites(sprites, "train")(np.random.default_rng(seed), 160)
        assert cutout.colour is not None
        assert (cutout.alpha == 0).any()
        red, green, blue = np.moveaxis(cutout.colour.astype(int), -1, 0)
        assert np.abs(3 * red - green - blue).max() <= 4  # as everywhere in the file
        assert red.min() > 35  # the disc's darkest, also where the disc is not


def test_thin_strands_have_the_colour_of_their_picture(tmp_path: Path) -> None:
    level = np.array([40, 90, 200], np.uint8)
    hair = np.zeros((256, 256, 4), np.uint8)
    for x in range(40, 220, 9):
        cv2.line(hair, (x, 30), (x + 20, 230), (*level.tolist(), 255), 1, cv2.LINE_AA)
    hair[hair[..., 3] > 0, :3] = level
    cv2.imwrite(str(tmp_path / "hair.png"), hair)
    drawn = Drawn.of(People(tmp_path, "train")(np.random.default_rng(0), 200))
    for seed in range(4):
        rng = np.random.default_rng(seed)
        view = layers.view(drawn, SIZE, layers.near_edge(rng, drawn, SIZE))
        assert (view[..., 0] > 0).any()
        np.testing.assert_allclose(
            view[..., 3:] * 255, np.broadcast_to(level[::-1], (SIZE, SIZE, 3)), atol=1
        )


def test_colour_of_nothing_is_black_everywhere() -> None:
    assert extended(np.zeros((8, 5, 4), np.float32)).max() == 0


@pytest.mark.parametrize(
    ("folder", "styles", "code"),
    [("missing", None, "no-photographs"), ("", {"no such": 1.0}, "unknown-style")],
)
def test_what_cannot_be_used_is_said(
    photos: Path, folder: str, styles: dict[str, float] | None, code: str
) -> None:
    with pytest.raises(RequestError) as caught:
        SceneSource(seed=1, size_px=SIZE, photos=photos / folder, styles=styles)
    assert caught.value.code == code
    assert caught.value.hint


def test_held_styles_are_not_drawn(photos: Path) -> None:
    two = {"solid": 1.0, "bars": 9.0}
    source = SceneSource(
        seed=1, size_px=SIZE, photos=photos, styles=two, holdout_styles=("bars",), pool_size=3
    )
    assert {style for i in range(6) for style in source.sample(i).styles} == {"solid"}
    with pytest.raises(RequestError, match="baars"):
        SceneSource(seed=1, size_px=SIZE, photos=photos, holdout_styles=("baars",))


def test_sprites_without_alpha_are_refused(photos: Path) -> None:
    source = SceneSource(
        seed=1, size_px=SIZE, photos=photos, sprites=photos, styles={"sprites": 1}, pool_size=1
    )
    with pytest.raises(RequestError, match="alpha channel"):
        source.sample(0)


def test_sheet_shows_every_scene(photos: Path) -> None:
    source = SceneSource(seed=1, size_px=SIZE, photos=photos, pool_size=1)
    pixels = sheet([source.sample(index) for index in range(3)], per_row=2, edge_px=32)
    assert pixels.shape == (64, 2 * 4 * 32, 3)


def test_plates_differ_from_the_background_a_little_and_masks_are_coarse(photos: Path) -> None:
    source = SceneSource(seed=3, size_px=SIZE, photos=photos, plates=True, pool_size=3)
    scenes = [source.sample(index) for index in range(12)]
    apart, agree = [], []
    for scene in scenes:
        assert scene.plate is not None
        assert scene.segmentation is not None
        assert scene.plate.shape == scene.image.shape
        assert not np.array_equal(scene.plate, scene.background)
        apart.append(np.abs(scene.plate.astype(int) - scene.background).mean())
        agree.append(np.mean((scene.segmentation > 128) == (scene.alpha > 128)))
    assert np.median(apart) < 40
    assert 0.7 < np.median(agree) < 1.0


def test_asking_for_plates_keeps_the_objects(photos: Path) -> None:
    plain = SceneSource(seed=3, size_px=SIZE, photos=photos, pool_size=2).sample(1)
    asked = SceneSource(seed=3, size_px=SIZE, photos=photos, pool_size=2, plates=True).sample(1)
    assert plain.plate is None
    assert np.array_equal(plain.alpha, asked.alpha)
    assert np.array_equal(plain.foreground, asked.foreground)


def test_portraits_show_people_on_the_frame(photos: Path, sprites: Path) -> None:
    source = SceneSource(
        seed=3,
        size_px=SIZE,
        photos=photos,
        people=sprites,
        layout="portrait",
        styles={"people": 1},
        pool_size=2,
    )
    scenes = [source.sample(index) for index in range(8)]
    assert all(scene.styles[0] == "people" for scene in scenes)
    standing = sum(bool(scene.alpha[-1].max() > 128) for scene in scenes)
    assert standing >= 5
    assert sum((scene.alpha[0] == 0).mean() > 0.3 for scene in scenes) >= 5


def test_photographs_of_a_large_folder_come_and_go(photos: Path) -> None:
    def chosen(turn: int) -> set[int]:
        pool.advance(turn)
        rng = np.random.default_rng(turn)
        return {pool.choose(rng) for _ in range(60)}

    pool = Photographs(photos, "train", current=4)
    assert len(chosen(0)) == 4
    assert len(chosen(0) & chosen(24)) == 3
    assert set.union(*(chosen(24 * step) for step in range(len(pool)))) == set(range(len(pool)))


@pytest.mark.slow
def test_alpha_in_the_unknown_area_is_distributed_as_in_real_pictures(photos: Path) -> None:
    source = SceneSource(seed=5, size_px=256, photos=photos, pool_size=16, reuse=4)
    opaque, middle = [], []
    for index in range(80):
        scene = source.sample(index)
        alpha = scene.alpha[scene.trimap == 128] / 255.0
        if len(alpha):
            opaque.append((alpha > 0.98).mean())
            middle.append(((alpha > 0.2) & (alpha < 0.8)).mean())
    # Photographs with measured alpha: 0.31 and 0.16 (narrow bands), 0.38 and 0.11 (wide).
    assert 0.2 < np.mean(opaque) < 0.45
    assert np.mean(middle) < 0.28
