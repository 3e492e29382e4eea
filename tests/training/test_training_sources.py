"""Batches of several sizes and makers: numbered in one row, drawn once, the same on every call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from matteplug.training.data.sources import SceneBatches, sources
from matteplug.training.data.stream import BatchPlan
from matteplug.training.scenes import source
from matteplug.training.scenes.drawn.cutout import Cutout, flat
from matteplug.training.scenes.noise import Rng
from matteplug.training.settings import TrainSettings

SIZES = (64, 96, 32)
Made = Callable[..., SceneBatches]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the generator draw nothing but discs and boxes; return which, as they are drawn."""
    names: list[str] = []

    def disc(rng: Rng, size_px: int) -> Cutout:
        names.append("disc")
        alpha = np.zeros((size_px, size_px), np.uint8)
        centre = (rng.uniform(0.3, 0.7, 2) * size_px).astype(int).tolist()
        return flat(cv2.circle(alpha, centre, size_px // 5, 255, -1))

    def box(rng: Rng, size_px: int) -> Cutout:
        names.append("box")
        alpha = np.zeros((size_px, size_px), np.uint8)
        top, left = (rng.uniform(0.2, 0.4, 2) * size_px).astype(int)
        alpha[top : top + size_px // 3, left : left + size_px // 3] = 255
        return flat(alpha)

    monkeypatch.setattr(source, "STYLES", {"disc": disc, "box": box})
    monkeypatch.setattr(source, "WEIGHTS", {"disc": 1.0, "box": 1.0})
    return names


@pytest.fixture
def made(tmp_path: Path) -> Made:
    rng = np.random.default_rng(0)
    for number in range(12):
        photo = rng.integers(0, 255, (120, 160, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"photo{number}.png"), photo)

    def batches(
        sizes_px: tuple[int, ...],
        workers: int = 1,
        holdout: bool = False,
        holdout_styles: tuple[str, ...] = (),
    ) -> SceneBatches:
        settings = TrainSettings(
            family="citm",
            config="compact",
            data=(f"photos:{tmp_path}",),
            sizes_px=sizes_px,
            workers=workers,
            holdout_styles=holdout_styles,
        )
        return sources(settings)[holdout]

    return batches


def test_more_sizes_need_no_more_drawings(drawn: list[str], made: Made) -> None:
    counts = []
    for sizes in ((64,), SIZES):
        drawn.clear()
        train, plan, crops, index = made(sizes), BatchPlan(8, sizes), 0, 0
        while crops < 150:
            crops += len(train.batch(index, plan)["alpha"])
            index += 1
        counts.append(len(drawn))
    assert counts[1] <= counts[0] + 3


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.usefixtures("drawn")
def test_a_batch_is_the_same_whatever_was_made_before(made: Made, workers: int) -> None:
    plan = BatchPlan(2, SIZES)
    row = made(SIZES, workers)
    in_order = [row.batch(index, plan) for index in range(7)]
    for index in (6, 1, 4):
        alone = made(SIZES, workers).batch(index, plan)
        assert alone["image"].shape == in_order[index]["image"].shape
        for name, arrays in alone.items():
            np.testing.assert_array_equal(arrays, in_order[index][name])


def test_holdout_scenes_show_the_styles_that_training_does_not(
    drawn: list[str], made: Made
) -> None:
    plan = BatchPlan(12, (64,))
    made((64,), holdout_styles=("disc",)).batch(0, plan)
    assert set(drawn) == {"box"}
    made((64,), holdout_styles=("disc",), holdout=True).batch(0, plan)
    assert set(drawn) == {"box", "disc"}


def test_makers_take_equal_shares_and_number_their_own_scenes() -> None:
    class Numbers:
        def __init__(self) -> None:
            self.made: list[int] = []

        def scene(self, number: int, size_px: int) -> None:
            self.made.append(number)

    for shards in (1, 3):
        makers = [Numbers(), Numbers()]
        batches = SceneBatches(0, makers, shards)  # type: ignore[arg-type]
        for number in range(2 * 12 * shards):
            batches.scene(number, 64)
        assert all(sorted(maker.made) == list(range(12 * shards)) for maker in makers)
