"""The command: what it starts, what it refuses, and the pictures it draws."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from matteplug.errors import TrainingError
from matteplug.networks import checkpoints
from matteplug.training.command import command
from matteplug.training.plot import plot
from matteplug.training.run import checkpoint, run_log, session


def run(*arguments: str | Path) -> int:
    train = command()
    parser = argparse.ArgumentParser()
    train.configure(parser)
    return train.run(parser.parse_args([str(argument) for argument in arguments]))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(12):
        coarse = rng.integers(0, 255, (6, 8, 3)).astype(np.uint8)
        picture = cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"photo{number}.png"), picture)
    return folder


SMALL: dict[str, Any] = {
    "sizes_px": (64,),
    "batch": 2,
    "workers": 0,
    "holdout_scenes": 2,
    "log_steps": 1,
    "device": "cpu",
}


def test_a_network_is_trained_resumed_and_started_from(photos: Path, tmp_path: Path) -> None:
    given = SMALL | {"data": (f"photos:{photos}",), "steps": 2}
    threads = torch.get_num_threads()
    options = {"gradient": 0.5}
    first = session.start("citm", given | {"threads": 1, "options": options}, out=tmp_path / "run")
    assert first.train() == "budget"
    assert [e["event"] for e in run_log.read(tmp_path / "run")].count("step") == 2

    with pytest.raises(TrainingError, match="holds citm/compact, not citm/paper"):
        session.start("citm", {"config": "paper"}, resume=tmp_path / "run")
    with pytest.raises(TrainingError, match="There is already a run in"):
        session.start("citm", given, out=tmp_path / "run")

    finished = session.start("citm", {}, resume=tmp_path / "run")
    assert finished.trainer.schedule.progress(finished.trainer.settings) == 1
    changes = {"steps": 1, "lr": 1e-4, "options": {"l1": 2.0}}
    more = session.start("citm", changes, resume=tmp_path / "run")
    assert more.trainer.schedule.step == 0  # a warm restart
    assert (more.trainer.settings.batch, more.trainer.settings.lr) == (2, 1e-4)
    assert more.trainer.settings.options == {"gradient": 0.5, "l1": 2.0}
    more.train()
    assert checkpoint.read(tmp_path / "run")["step"] == 3

    other = session.start("citm", given, init=tmp_path / "run", out=tmp_path / "other")
    assert (other.trainer.step, other.trainer.samples) == (0, 6)
    torch.set_num_threads(threads)

    weights = tmp_path / "weights.pt"
    checkpoints.save(weights, "citm", "compact", first.trainer.average.module.state_dict())
    session.start("citm", given, init=weights, out=tmp_path / "third")
    with pytest.raises(TrainingError, match="holds weights, but not a run"):
        session.start("citm", given, resume=weights)
    assert checkpoints.read(tmp_path / "run" / checkpoint.LAST, "citm", "compact").state


def test_a_sheet_shows_the_data(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sheet.png"
    assert (
        run("sheet", "--data", f"photos:{photos}", "--size", "64", "--count", "2", "--out", out)
        == 0
    )
    assert str(out) in capsys.readouterr().out
    assert np.asarray(Image.open(out)).std() > 10


def test_hfam_is_trained_on_a_portrait_dataset(tmp_path: Path) -> None:
    data, out = tmp_path / "P3M-10k", tmp_path / "run"
    rng = np.random.default_rng(0)
    for place, picture in (("train", "blurred_image"), ("validation/P3M-500-NP", "original_image")):
        for folder in (picture, "mask"):
            (data / place / folder).mkdir(parents=True)
        for number in range(2):
            alpha = np.zeros((120, 90), np.uint8)
            cv2.ellipse(alpha, (45, 80), (20 + 5 * number, 50), 0, 0, 360, 255, -1, cv2.LINE_AA)
            pixels = rng.integers(0, 255, (120, 90, 3), dtype=np.uint8) // 4 + alpha[..., None] // 2
            cv2.imwrite(str(data / place / picture / f"p_{number}.jpg"), pixels)
            cv2.imwrite(str(data / place / "mask" / f"p_{number}.png"), alpha)
    options = ("--steps", "3", "--batch", "2", "--size", "64", "--workers", "0", "--device", "cpu")
    assert run("hfam", "--data", f"p3m:{data}", "--out", out, *options) == 0
    content = checkpoint.read(out)
    assert (content["family"], content["step"]) == ("hfam", 3)
    *_, last = [event for event in run_log.read(out) if event["event"] == "validation"]
    assert 0 < last["sad"] < 1
    assert list((out / "samples").glob("*.png"))


def write_log(folder: Path, events: Sequence[dict[str, Any]], rest: str = "") -> Path:
    folder.mkdir()
    path = folder / run_log.NAME
    path.write_text("".join(json.dumps(event) + "\n" for event in events) + rest)
    return path


def step(number: int, loss: float) -> dict[str, Any]:
    speed = {"crops_per_s": 9.0, "wait_share": 0.01}
    return {
        "event": "step",
        "step": number,
        "samples": 8 * number,
        "lr": 1e-3,
        "loss": loss,
    } | speed


def test_a_log_forgets_what_a_resumed_run_repeated(tmp_path: Path) -> None:
    start = {"event": "start", "step": 0, "samples": 0}
    again = start | {"step": 2, "samples": 16}
    events = [start, step(1, 0.4), step(2, 0.3), step(3, 9.0), again, step(3, 0.2)]
    log = write_log(tmp_path / "run", events, rest='{"event": "st')
    assert [e["loss"] for e in run_log.read(log) if e["event"] == "step"] == [0.4, 0.3, 0.2]
    log.write_text('{"event": "st\n' + json.dumps(start) + "\n")
    with pytest.raises(TrainingError, match="Line 1 of"):
        run_log.read(log)


def test_curves_of_runs_are_drawn(tmp_path: Path) -> None:
    holdout = {"event": "validation", "step": 2, "samples": 16, "sad": 0.1, "mse": 0.02}
    for name in ("one", "two"):
        write_log(tmp_path / name, [step(1, 0.4), step(2, 0.3), holdout])
    drawn = plot([tmp_path / "one", tmp_path / "two"], tmp_path / "curves.png")
    picture = np.asarray(Image.open(drawn))
    assert picture.shape[1] > 1000
    assert picture.min() < 128
    assert run("plot", tmp_path / "one") == 0
    assert (tmp_path / "one" / "curves.png").is_file()
    with pytest.raises(TrainingError, match="There is no log"):
        run("plot", tmp_path / "nowhere")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matteplug.training.command.find_spec", lambda name: None)
    with pytest.raises(TrainingError, match="needs torch") as caught:
        run("citm", "--steps", "1")
    assert 'pip install "matteplug[train]"' in caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "No training budget was given"),
        (("--steps", "1"), "No training data was named"),
        (("--steps", "1", "--data", "photos:x", "--size", "100"), "Crops of 100 px do not fit"),
        (("--steps", "1", "--data", "photos:x", "--lr", "0"), "--lr must be more than 0"),
        (("--steps", "1", "--data", "photos:x", "--batch", "-1"), "--batch must be more than 0"),
        (
            ("--steps", "1", "--data", "photos:x", "--set", "gradient"),
            "'gradient' is not an option",
        ),
        (("--steps", "1", "--resume", "r", "--init", "i"), "cannot go together"),
        (("--steps", "1", "--resume", "nowhere"), "There is no checkpoint at nowhere"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        run("citm", *arguments)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("citm", "--hold", "fur"), "--holdout"),
        (("citm", "--leave-out"), "--skip-bad-files"),
        (("sheet", "--held"), "--holdout"),
    ],
)
def test_an_option_that_was_renamed_names_its_successor(
    arguments: tuple[str, ...], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(*arguments)
    assert f"{arguments[1]} is now called {name}." in capsys.readouterr().err


def test_crops_fit_the_network_that_is_trained() -> None:
    arguments = ("--steps", "1", "--data", "photos:x", "--size", "96")
    with pytest.raises(TrainingError, match="Crops of 96 px do not fit") as caught:
        run("background-matting", *arguments)
    assert "multiple of 64" in caught.value.hint
