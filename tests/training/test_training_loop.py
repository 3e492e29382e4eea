"""A run goes on to the step, stops on nonsense, and keeps its last good checkpoint."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_run
import torch

from matteplug.errors import TrainingError
from matteplug.training.recipes import Phase
from matteplug.training.run import checkpoint, run_log
from matteplug.training.run.loop import Run


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_overfits_one_scene(tmp_path: Path) -> None:
    run = tiny_run.run(tmp_path, repeats=True, steps=80, lr=0.02, ema=0.9, log_steps=10)
    assert run.train() == "budget"
    errors = [e["l1"] for e in run_log.read(tmp_path) if e["event"] == "step"]
    assert errors[0] > 0.15
    assert errors[-1] < 0.05


def test_a_resumed_run_is_the_run_that_was_not_stopped(tmp_path: Path) -> None:
    whole = tiny_run.run(tmp_path / "whole")
    whole.train()

    first = tiny_run.run(tmp_path / "halves")
    first.folder.mkdir()
    stop_after(first, 4)
    assert first.train() == "signal"
    second = tiny_run.run(tmp_path / "halves")
    torch.manual_seed(777)
    second.trainer.resume(checkpoint.read(second.folder), new_schedule=False)
    assert (second.trainer.step, second.trainer.batches, second.trainer.samples) == (4, 4, 8)
    second.train()

    assert second.trainer.step == whole.trainer.step == 8
    theirs = whole.trainer.average.module.state_dict()
    for name, tensor in second.trainer.average.module.state_dict().items():
        torch.testing.assert_close(tensor, theirs[name])


def stop_after(run: Run, steps: int) -> None:
    phases = run.trainer.recipe.phases

    def stopping(*args: Any) -> Iterator[Phase]:
        if run.trainer.step == steps:
            os.kill(os.getpid(), signal.SIGTERM)
        yield from phases(*args)

    run.trainer.recipe.phases = stopping  # type: ignore[method-assign,assignment]


def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, tiny_run.__file__, str(folder)], stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while steps_of(folder) < 3 and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.communicate()
    killed_at = steps_of(folder)
    assert killed_at >= 3

    run = tiny_run.run(folder, steps=100_000)
    content = checkpoint.read(folder)
    run.trainer.resume(content, new_schedule=False)
    assert run.trainer.step == run.trainer.batches == run.trainer.schedule.step == killed_at
    stop_after(run, killed_at + 2)
    assert run.train() == "signal"
    assert steps_of(folder) == killed_at + 2
    starts = [e["step"] for e in run_log.read(folder) if e["event"] == "start"]
    assert starts == [0, killed_at]


def steps_of(folder: Path) -> int:
    try:
        return int(checkpoint.read(folder)["step"])
    except TrainingError:
        return 0


def test_nonsense_stops_the_run_and_keeps_what_was_good(tmp_path: Path) -> None:
    run = tiny_run.run(tmp_path, poison_at=5, checkpoint_s=0)
    with pytest.raises(TrainingError, match="at step 5") as caught:
        run.train()
    assert caught.value.code == "loss-not-finite"
    content = checkpoint.read(tmp_path)
    assert content["step"] == 4
    assert all(t.isfinite().all() for t in content["state"].values())
    assert run_log.read(tmp_path)[-1]["reason"] == "loss-not-finite"


def test_a_checkpoint_of_another_configuration_is_refused_by_name(tmp_path: Path) -> None:
    run = tiny_run.run(tmp_path, steps=1)
    run.train()
    other = tiny_run.run(tmp_path, config="large")
    with pytest.raises(TrainingError, match=r"holds tiny/small, not tiny/large") as caught:
        other.trainer.resume(checkpoint.read(tmp_path), new_schedule=False)
    assert caught.value.code == "checkpoint-configuration"


def test_tensors_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    run = tiny_run.run(tmp_path, steps=1)
    content = run.trainer.state()
    content["state"] = {"body.0.weight": torch.zeros(1)}
    with pytest.raises(TrainingError, match="do not fit"):
        tiny_run.run(tmp_path).trainer.start_from(content)


def test_new_weights_keep_the_count_of_what_they_cost(tmp_path: Path) -> None:
    run = tiny_run.run(tmp_path / "first", steps=3)
    run.train()
    after = tiny_run.run(tmp_path / "second", steps=2)
    after.trainer.start_from(checkpoint.read(tmp_path / "first"))
    assert (after.trainer.step, after.trainer.batches, after.trainer.samples) == (0, 3, 6)
    after.train()
    training = checkpoint.read(tmp_path / "second")["training"]
    assert (training["batches"], training["samples"]) == (5, 10)
    assert training["trained_s"] > run.trainer.trained_s


def test_time_ends_a_run_with_a_checkpoint_and_a_sheet(tmp_path: Path) -> None:
    run = tiny_run.run(tmp_path, steps=None, minutes=0.5 / 60)
    assert run.train() == "budget"
    assert checkpoint.read(tmp_path)["step"] == run.trainer.step > 1
    assert len(list((tmp_path / "samples").glob("*.png"))) == 1
    last = run_log.read(tmp_path)[-1]
    assert (last["event"], last["reason"]) == ("stop", "budget")


def test_a_damaged_checkpoint_gives_way_to_the_previous_one(tmp_path: Path) -> None:
    run = tiny_run.run(tmp_path, steps=3, checkpoint_s=0)
    run.train()
    last = tmp_path / checkpoint.LAST
    last.write_bytes(last.read_bytes()[:1000])
    assert checkpoint.read(tmp_path)["step"] == 3  # the last is written once more at the end
    (tmp_path / checkpoint.PREVIOUS).write_bytes(b"")
    with pytest.raises(TrainingError, match="cannot be read"):
        checkpoint.read(tmp_path)


def test_a_checkpoint_that_cannot_be_written_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.write(tmp_path, tiny_run.run(tmp_path).trainer.state())

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match="No space left"):
        checkpoint.write(tmp_path, tiny_run.run(tmp_path).trainer.state())
    assert checkpoint.read(tmp_path)["step"] == 0
    assert not list(tmp_path.glob("*.tmp"))


FULL_DISK = """
import resource, sys
from pathlib import Path
import torch
from matteplug.errors import TrainingError
from matteplug.training.run import checkpoint
from matteplug.training.run.run_log import RunLog

folder = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for write in (
    lambda: checkpoint.write(folder, {"state": {"weight": torch.zeros(500_000)}}),
    lambda: RunLog(folder).write("start", 0, notes="n" * 200_000),
):
    try:
        write()
    except TrainingError as error:
        print(error.message)
"""


def test_a_full_disk_is_said_in_a_sentence_and_leaves_what_was_written(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, tiny_run.run(tmp_path).trainer.state())
    run_log.RunLog(tmp_path).write("start", 0)
    files = tmp_path / checkpoint.LAST, tmp_path / run_log.NAME
    before = [file.read_bytes() for file in files]
    said = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path], capture_output=True, text=True, check=True
    ).stdout
    assert said.splitlines() == [f"{file} could not be written: File too large." for file in files]
    assert [file.read_bytes() for file in files] == before
    assert set(tmp_path.iterdir()) == set(files)
