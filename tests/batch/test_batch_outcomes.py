"""Good, doubtful, empty and failed pictures are told apart; signals end a batch with its report."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from batch.trees import pair, photograph, pictures
from matteplug import api
from matteplug.result import Matte
from matteplug.testing import FakeEngine
from matteplug.types import Tensor

Batch = Callable[..., int]


@pytest.fixture
def four(folder: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a good, a doubtful, an empty and a damaged picture into the folder."""
    for name, width in (("done", 40), ("doubtful", 41), ("empty", 42), ("failed", 43)):
        pair(folder / f"{name}.png", width)
    (folder / "failed.png").write_bytes(b"")
    run = api.run

    def judged(*arguments: Any, **named: Any) -> Matte:
        matte = run(*arguments, **named)
        width = matte.alpha.shape[1]
        object.__setattr__(matte, "confidence", {41: 0.3, 42: 0.05}.get(width, 0.9))
        if width == 42:
            object.__setattr__(matte, "alpha", np.full_like(matte.alpha, 0.001))
        return matte

    monkeypatch.setattr(api, "run", judged)


def test_the_report_tells_good_doubtful_empty_and_failed_apart(
    batch: Batch, four: None, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert batch(folder, "--json") == 1
    report = json.loads(capsys.readouterr().out)
    states = {Path(p["picture"]).stem: p["state"] for p in report["pictures"]}
    assert states == {name: name for name in ("done", "doubtful", "empty", "failed")}
    assert [report[name] for name in states] == [1, 1, 1, 1]
    assert {Path(p["picture"]).stem: p["confidence"] for p in report["pictures"]} == {
        "done": 0.9,
        "doubtful": 0.3,
        "empty": 0.05,
        "failed": None,
    }
    assert pictures(folder.parent / "photos-matte") == ["done.png", "doubtful.png", "empty.png"]


def test_the_summary_counts_each_kind(
    batch: Batch, four: None, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch(folder)
    assert "1 done, 1 doubtful, 1 empty, 1 failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "expected"),
    [((), (0, 0)), (("--fail-on", "doubtful"), (1, 1)), (("--fail-on", "empty"), (0, 1))],
)
def test_doubt_is_an_error_on_request(
    batch: Batch, four: None, folder: Path, flags: tuple[str, ...], expected: tuple[int, int]
) -> None:
    """And stays one when `--resume` only finds the result."""
    (folder / "failed.png").unlink()
    (folder / "failed_trimap.png").unlink()
    aside = folder.parent / "aside.png"
    for left_out, status in zip(("empty", "doubtful"), expected, strict=True):
        (folder / f"{left_out}.png").rename(aside)
        (folder / f"{left_out}_trimap.png").rename(folder.parent / "aside_trimap.png")
        for resume in ([], ["--resume"]):
            assert batch(folder, *flags, *resume) == status
        aside.rename(folder / f"{left_out}.png")
        (folder.parent / "aside_trimap.png").rename(folder / f"{left_out}_trimap.png")


def test_a_skipped_picture_says_how_it_ended_earlier(
    batch: Batch, four: None, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch(folder)
    capsys.readouterr()
    batch(folder, "--resume", "--json")
    report = json.loads(capsys.readouterr().out)
    earlier = {Path(p["picture"]).stem: (p["state"], p["earlier"]) for p in report["pictures"]}
    assert earlier["doubtful"] == ("skipped", "doubtful")
    assert earlier["empty"] == ("skipped", "empty")
    assert earlier["failed"] == ("failed", None)


def test_a_guide_that_fits_no_picture_fails_the_picture_beside_it(
    batch: Batch, engine: FakeEngine, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "bird-1.png")
    photograph(folder / "bird_1.png")
    (folder / "bird-1.png").unlink()
    assert batch(folder, "--json") == 1
    report = json.loads(capsys.readouterr().out)
    told = {p["picture"]: p for p in report["pictures"]}
    assert told["bird_1.png"]["error"]["code"] == "guide-misfit"
    assert "bird_1_trimap.png" in told["bird_1.png"]["error"]["hint"]
    assert told["bird-1_trimap.png"]["state"] == "skipped"
    assert not engine.runs


@pytest.mark.parametrize("flag", ["FOLDER", "--out", "--backdrop", "--network", "--require-ep"])
def test_an_empty_argument_is_refused(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    pair(folder / "a.png")
    monkeypatch.chdir(folder)
    arguments = [""] if flag == "FOLDER" else [folder, flag, ""]
    with pytest.raises(SystemExit) as refused:
        batch(*arguments)
    assert refused.value.code == 2
    assert [path.name for path in folder.parent.iterdir()] == ["photos"]


@pytest.mark.skipif(os.name != "posix", reason="sends a signal to itself")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_batch_with_its_report(
    batch: Batch, engine: FakeEngine, folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    number = getattr(signal, name)
    for picture in "abc":
        pair(folder / f"{picture}.png")
    alpha, before = engine.alpha, signal.getsignal(number)

    def first(inputs: Mapping[str, Tensor]) -> Tensor:
        os.kill(os.getpid(), number)
        engine.delay_s = 30.0
        return alpha(inputs)

    engine.alpha = first
    assert batch(folder, "--json") == 130
    report = json.loads(capsys.readouterr().out)
    assert report["interrupted"]
    assert report["waiting"] >= 2
    assert signal.getsignal(number) is before


@pytest.mark.skipif(os.name != "posix", reason="sends a signal to itself")
def test_what_nohup_ignores_stays_ignored(batch: Batch, engine: FakeEngine, folder: Path) -> None:
    pair(folder / "a.png")
    alpha = engine.alpha

    def hang_up(inputs: Mapping[str, Tensor]) -> Tensor:
        os.kill(os.getpid(), signal.SIGHUP)
        return alpha(inputs)

    engine.alpha = hang_up
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert batch(folder) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("flags", [(), ("--quiet",)])
def test_names_cannot_steer_the_terminal(
    batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r\n[red]"
    pair(folder / f"good{evil}.png")
    photograph(folder / f"bad{evil}.png").write_bytes(b"junk")
    (folder / f"{evil}.heic").write_bytes(b"")
    assert batch(folder, *flags) == 1
    assert batch(folder / f"{evil}nowhere") == 2
    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert not set(text) & set("\x1b\x07\x9b\u202e\r")
    assert "[red]" in said.err


def test_an_argument_that_is_complained_of_cannot_either(
    batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        batch(folder, "--band", "\x1b[2J")
    assert "\x1b" not in capsys.readouterr().err
