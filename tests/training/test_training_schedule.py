import pytest
from tiny_run import settings

from matteplug.training.run.schedule import Schedule
from matteplug.training.settings import TrainSettings

SETTINGS = settings(lr=1.0, warmup_steps=10, steps=100, final_lr=0.1)


@pytest.mark.parametrize(
    ("step", "lr"),
    [(0, 0.1 * 1.0), (4, 0.5 * 0.99645), (50, 0.1 + 0.9 * 0.5), (100, 0.1), (200, 0.1)],
)
def test_warm_up_then_half_a_cosine(step: int, lr: float) -> None:
    assert Schedule(step=step).lr(SETTINGS) == pytest.approx(lr, rel=1e-4)


def test_time_counts_like_steps_and_the_further_one_decides() -> None:
    both = settings(steps=100, minutes=10.0)
    assert Schedule(step=20, elapsed_s=300).progress(both) == pytest.approx(0.5)
    assert Schedule(step=80, elapsed_s=300).progress(both) == pytest.approx(0.8)
    assert Schedule(step=80, elapsed_s=6000).progress(both) == 1


def test_settings_survive_their_json() -> None:
    original = settings(options={"gradient": 0.5}, data=("photos:p",), sizes_px=(256, 384))
    assert TrainSettings.from_json(original.to_json()) == original
    older = original.to_json() | {"forgotten": 1}
    assert TrainSettings.from_json(older) == original
