"""Datasets are found in their usual folders; what is missing is named and counted."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from matteplug.errors import TrainingError
from matteplug.training.data.datasets import Dataset, DatasetScenes, Pair, read
from matteplug.training.data.datasets.pixels import around
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.data.sources import sources
from matteplug.training.data.stream import BatchPlan
from matteplug.training.settings import TrainSettings


def picture(path: Path, size: tuple[int, int] = (60, 80), level: int = 200) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((*size, 3), level, np.uint8)
    pixels[..., 0] = 10  # blue, in OpenCV's order
    cv2.imwrite(str(path), pixels)


def alpha(path: Path, size: tuple[int, int] = (60, 80)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    ramp = np.clip(np.linspace(-1, 2, size[1]) * 255, 0, 255)
    cv2.imwrite(str(path), np.broadcast_to(ramp, size).astype(np.uint8))


def pairs(folder: Path, pictures: str, alphas: str, stems: list[str]) -> None:
    for name in stems:
        picture(folder / pictures / f"{name}.png")
        alpha(folder / alphas / f"{name}.png")


def names(dataset: Dataset) -> list[str]:
    return [pair.picture.stem for pair in dataset.pairs]


NAMES = [f"picture{i:02d}" for i in range(30)]


@pytest.mark.parametrize(
    ("kind", "train", "holdout"),
    [
        (
            "p3m",
            ("train/blurred_image", "train/mask"),
            ("validation/P3M-500-NP/original_image", "mask"),
        ),
        ("am2k", ("train/original", "train/mask"), ("validation/original", "mask")),
        (
            "composition1k",
            ("Training_set/Other/fg", "Training_set/Other/alpha"),
            ("Test_set/Adobe-licensed images/fg", "alpha"),
        ),
    ],
)
def test_splits_have_folders_of_their_own(
    tmp_path: Path, kind: str, train: tuple[str, str], holdout: tuple[str, str]
) -> None:
    pairs(tmp_path, *train, NAMES[:4])
    pairs(tmp_path, holdout[0], str(Path(holdout[0]).parent / holdout[1]), NAMES[4:7])
    assert names(read(kind, tmp_path, "train")) == NAMES[:4]
    assert names(read(kind, tmp_path, "holdout")) == NAMES[4:7]


def test_all_folders_of_a_split_are_read(tmp_path: Path) -> None:
    pairs(tmp_path, "train/blurred_image", "train/mask", NAMES[:2])
    blurred, plain = tmp_path / "validation/P3M-500-P", tmp_path / "validation/P3M-500-NP"
    pairs(blurred, "blurred_image", "mask", NAMES[2:4])
    pairs(plain, "original_image", "mask", NAMES[4:6])
    assert set(names(read("p3m", tmp_path, "holdout"))) == set(NAMES[2:6])


@pytest.mark.parametrize(
    ("kind", "folders"),
    [
        ("aim500", ("original", "mask")),
        ("mcp20k", ("fg", "alpha")),
        ("composition1k", ("fg", "alpha")),
    ],
)
def test_one_folder_is_split_by_name(tmp_path: Path, kind: str, folders: tuple[str, str]) -> None:
    pairs(tmp_path, *folders, NAMES)
    train, holdout = (names(read(kind, tmp_path, split)) for split in ("train", "holdout"))
    assert set(train + holdout) == set(NAMES)
    assert not set(train) & set(holdout)
    assert 0 < len(holdout) < len(train)


def test_portraits_are_composited_as_often_as_the_recipe_says(tmp_path: Path) -> None:
    pairs(tmp_path, "fg", "alpha", NAMES)
    assert read("mcp20k", tmp_path, "train").composites == 20
    assert read("mcp20k", tmp_path, "holdout").composites == 10


def test_backgrounds_are_a_dataset_too(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "a.jpg")
    picture(tmp_path / "testval" / "b.jpg")
    assert [p.name for p in read("bg20k", tmp_path, "train").backgrounds] == ["a.jpg"]
    assert [p.name for p in read("bg20k", tmp_path, "holdout").backgrounds] == ["b.jpg"]


def test_what_does_not_fit_is_named_and_counted(tmp_path: Path) -> None:
    pairs(tmp_path, "train/original", "train/mask", NAMES[:2])
    picture(tmp_path / "train/original/alone.png")
    alpha(tmp_path / "train/mask/stray.png")
    picture(tmp_path / "train/original/wide.png")
    alpha(tmp_path / "train/mask/wide.png", (60, 90))
    picture(tmp_path / "train/original/broken.png")
    (tmp_path / "train/mask/broken.png").write_bytes(b"nothing")
    pairs(tmp_path, "validation/original", "validation/mask", NAMES[2:3])
    with pytest.raises(TrainingError) as caught:
        read("am2k", tmp_path, "train")
    message = caught.value.message
    assert message.startswith("4 of the files of AM-2k")
    assert "original/alone.png has no alpha in mask" in message
    assert "mask/stray.png has no picture in original" in message
    assert "original/wide.png is 80×60, its alpha 90×60" in message
    assert "cannot be read (mask/broken.png)" in message
    assert "--skip-bad-files" in caught.value.hint

    left = read("am2k", tmp_path, "train", skip_bad_files=True)
    assert names(left) == NAMES[:2]
    assert len(left.skipped) == 4


def test_lists_of_names_say_which_files_count(tmp_path: Path) -> None:
    fg, masks = "Training_set/Other/fg", "Training_set/Other/alpha"
    pairs(tmp_path, fg, masks, NAMES[:3])
    pairs(tmp_path, "Test_set/fg", "Test_set/alpha", NAMES[5:6])
    listed = tmp_path / "Training_set" / "training_fg_names.txt"
    listed.write_text(f"{NAMES[0]}.png\n{NAMES[2]}.png\n")
    assert names(read("composition1k", tmp_path, "train")) == [NAMES[0], NAMES[2]]
    listed.write_text(f"{NAMES[0]}.png\nlost.png\n")
    with pytest.raises(TrainingError, match=r"fg/lost\.png is in the list, but not there"):
        read("composition1k", tmp_path, "train")


def test_backgrounds_of_held_composites_are_never_trained_on(tmp_path: Path) -> None:
    pairs(tmp_path, "fg", "alpha", NAMES)
    for name in NAMES:
        picture(tmp_path / "bg" / f"{name}.png")

    def backgrounds() -> tuple[set[str], set[str]]:
        train, holdout = (read("composition1k", tmp_path, split) for split in ("train", "holdout"))
        return {p.stem for p in train.backgrounds}, {p.stem for p in holdout.backgrounds}

    train, holdout = backgrounds()
    assert train
    assert holdout
    assert not train & holdout
    assert train | holdout == set(NAMES)
    everything = tmp_path / "bg_names.txt"
    everything.write_text("".join(f"{name}.png\n" for name in NAMES))
    assert backgrounds() == (train, holdout)
    everything.rename(tmp_path / "training_bg_names.txt").write_text(f"{NAMES[0]}.png\n")
    assert backgrounds() == ({NAMES[0]}, set(NAMES[1:]))


def test_another_layout_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="There is no folder"):
        read("p3m", tmp_path / "nowhere", "train")
    with pytest.raises(TrainingError, match="P3M-10k: it has no folder train/blurred_image"):
        read("p3m", tmp_path, "train")


def test_whole_pictures_become_scenes_around_their_soft_pixels(tmp_path: Path) -> None:
    pairs(tmp_path, "original", "mask", NAMES)
    scenes = DatasetScenes(read("aim500", tmp_path, "train"), (), seed=3)
    scene = scenes.scene(5, 32)
    assert scene.image.shape == (32, 32, 3)
    assert tuple(scene.image[0, 0]) == (200, 200, 10)  # red first
    assert set(np.unique(scene.trimap)) <= {0, 128, 255}
    assert (scene.trimap == 128).any()
    np.testing.assert_array_equal(scene.foreground, scene.image)
    np.testing.assert_array_equal(scenes.scene(5, 32).alpha, scene.alpha)


@pytest.mark.parametrize("size_px", [48, 192])
def test_portraits_are_whole_at_every_size(tmp_path: Path, size_px: int) -> None:
    shape = (160, 120)
    person = np.zeros(shape, np.uint8)
    person[50:, 30:90] = 255
    picture(tmp_path / "original/a.png", shape)
    (tmp_path / "mask").mkdir()
    cv2.imwrite(str(tmp_path / "mask/a.png"), person)
    dataset = Dataset(
        kind="aim500", pairs=(Pair(tmp_path / "original/a.png", tmp_path / "mask/a.png"),)
    )
    scenes = DatasetScenes(
        dataset, (), seed=0, requirements=DataRequirements(portraits=True, trimap=False)
    )
    for number in range(12):
        alpha = scenes.scene(number, size_px).alpha
        fractions = (alpha > 128).any(axis=0).mean(), (alpha > 128).any(axis=1).mean()
        assert fractions[1] / fractions[0] == pytest.approx(110 / 60, rel=0.1)
        assert fractions[1] >= 110 / 120 - 0.03


@pytest.mark.parametrize("seed", range(8))
def test_a_window_around_an_object_holds_it_where_it_can(seed: int) -> None:
    def shown(alpha: np.ndarray) -> float:
        window = around(np.random.default_rng(seed), alpha, 50)
        assert window.cut(np.ones_like(alpha)).shape == (50, 50)
        part = alpha[window.top : window.top + window.edge, window.left : window.left + window.edge]
        assert part.shape == (window.edge, window.edge)
        return float(part.mean())

    small, tall, nothing = (np.zeros((90, 60), np.uint8) for _ in range(3))
    small[70:80, 3:50] = 1
    tall[5:85, 10:30] = 1
    assert shown(small) >= small.sum() / 60**2
    assert shown(tall) == 60 * 20 / 60**2
    assert shown(nothing) == 0


def test_foregrounds_lie_over_backgrounds(tmp_path: Path) -> None:
    pairs(tmp_path, "fg", "alpha", NAMES[:2])
    picture(tmp_path / "bg" / "dark.png", level=40)
    dataset = read("composition1k", tmp_path, "train")
    scene = DatasetScenes(dataset, dataset.backgrounds, seed=0).scene(0, 32)
    opacity = scene.alpha[..., None] / 255
    expected = scene.foreground * opacity + scene.background * (1 - opacity)
    np.testing.assert_allclose(scene.image, expected, atol=0.51)
    assert scene.foreground.max() == 200
    assert scene.background.max() == 40
    assert scene.plate is None
    with pytest.raises(TrainingError, match="need backgrounds"):
        DatasetScenes(dataset, (), seed=0)


def test_foregrounds_over_backgrounds_come_with_plates(tmp_path: Path) -> None:
    pairs(tmp_path, "fg", "alpha", NAMES[:2])
    picture(tmp_path / "bg" / "dark.png", level=120)
    dataset = read("composition1k", tmp_path, "train")
    requirements = DataRequirements(plates=True, trimap=False)
    scenes = DatasetScenes(dataset, dataset.backgrounds, seed=0, requirements=requirements)
    shaded = 0
    for number in range(6):
        scene = scenes.scene(number, 32)
        assert scene.plate is not None
        assert scene.segmentation is not None
        opacity = scene.alpha[..., None] / 255
        expected = scene.foreground * opacity + scene.background * (1 - opacity)
        np.testing.assert_allclose(scene.image, expected, atol=0.51)
        shaded += scene.background[..., :2].std() > 1  # the file is of one colour
    assert 0 < shaded < 6


def test_an_epoch_shows_every_composite_once(tmp_path: Path) -> None:
    pairs(tmp_path, "fg", "alpha", NAMES[:3])
    picture(tmp_path / "bg" / "dark.png")
    dataset = read("mcp20k", tmp_path, "train")
    scenes = DatasetScenes(dataset, dataset.backgrounds, seed=0)
    count = 20 * len(dataset.pairs)
    shown = [scenes._picture_at(i)[0].picture.stem for i in range(count)]
    assert all(shown.count(pair.picture.stem) == 20 for pair in dataset.pairs)


def test_kinds_mix_in_one_stream(tmp_path: Path) -> None:
    pairs(tmp_path, "original", "mask", NAMES)
    data = (f"photos:{tmp_path / 'original'}", f"aim500:{tmp_path}")
    settings = TrainSettings(family="citm", config="compact", data=data)
    train, _ = sources(settings)
    scenes = [train.scene(number, 64) for number in range(12)]
    kinds = {scene.styles == ("aim500",) for scene in scenes}
    assert kinds == {True, False}
    batch = train.batch(0, BatchPlan(2, (64,)))
    assert {name: array.shape for name, array in batch.items()} == {
        "image": (2, 3, 64, 64),
        "alpha": (2, 1, 64, 64),
        "trimap": (2, 1, 64, 64),
        "foreground": (2, 3, 64, 64),
        "background": (2, 3, 64, 64),
    }


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (("photos",), "'photos' is not a source of data"),
        (("films:x",), "no kind of data called 'films'"),
        (("sprites:x",), "nothing to make scenes from"),
        (("photos:x", "photos:y"), "photos was named twice"),
    ],
)
def test_arguments_that_make_no_sense(data: tuple[str, ...], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        sources(TrainSettings(family="citm", config="compact", data=data))
