"""A hot folder: what comes in is cut out once it is complete, until Ctrl-C."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import pytest

from batch.trees import checksums, pair, photograph, pictures, stored, trimap_of
from matteplug.testing import FakeEngine
from matteplug_batch import watch
from matteplug_batch.plan import Plan
from matteplug_batch.run import BatchRun
from matteplug_batch.watch import Watch

Batch = Callable[..., int]
Watched = Callable[..., tuple[int, dict[str, Any], str]]
STEADY_S = 0.05
LOOKS: list[float] = []
"""When the watch looked at its folder; before the first time, Ctrl-C would end the tests."""


@pytest.fixture(autouse=True)
def _briskly(monkeypatch: pytest.MonkeyPatch) -> None:
    LOOKS.clear()

    def brisk(*, look: Callable[[], Plan], batch: BatchRun) -> watch.Watch:
        def counted() -> Plan:
            LOOKS.append(time.monotonic())
            return look()

        return Watch(look=counted, batch=batch, steady_s=STEADY_S, pause_s=0.01)

    monkeypatch.setattr(watch, "Watch", brisk)


@pytest.fixture
def watched(batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str]) -> Watched:
    """Watch the folder while `visit` runs; return the status, the report and the messages."""

    def run(visit: Callable[[], None], *flags: object) -> tuple[int, dict[str, Any], str]:
        failed: list[BaseException] = []

        def visitor() -> None:
            try:
                soon(lambda: len(LOOKS) > 0)
                visit()
            except BaseException as error:
                failed.append(error)
            finally:
                os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Timer(0.05, visitor)
        thread.start()
        status = batch(folder, "--watch", "--json", *flags)
        thread.join()
        if failed:
            raise failed[0]
        printed = capsys.readouterr()
        return status, json.loads(printed.out), printed.err

    return run


def soon(true: Callable[[], bool], what: str = "") -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def settle() -> None:
    """Wait as long as a watch needs to see that nothing changes, and longer."""
    time.sleep(4 * STEADY_S)
    seen = len(LOOKS)
    soon(lambda: len(LOOKS) > seen + 2)


def test_pictures_that_come_in_are_cut_out(
    watched: Watched, folder: Path, engine: FakeEngine
) -> None:
    pair(folder / "there.png")
    out = folder.with_name("photos-matte")

    def visit() -> None:
        soon((out / "there.png").exists)
        pair(folder / "new.png")
        pair(folder / "sub" / "deep.png")
        soon((out / "new.png").exists)
        soon((out / "sub" / "deep.png").exists)
        settle()

    status, report, messages = watched(visit)
    assert status == 0
    assert pictures(out) == ["new.png", "sub/deep.png", "there.png"]
    assert (report["done"], report["interrupted"], report["waiting"]) == (3, False, 0)
    assert len(engine.runs) == 3
    assert [line for line in messages.splitlines() if "new.png: done" in line], messages


def test_an_empty_folder_waits(watched: Watched, folder: Path) -> None:
    status, report, _ = watched(settle)
    assert status == 0
    assert report["pictures"] == []
    assert not list(folder.with_name("photos-matte").iterdir())


def test_a_file_is_taken_when_it_has_stopped_growing(tmp_path: Path) -> None:
    steady, file, guide = watch.Unchanged(), tmp_path / "a.png", tmp_path / "a_trimap.png"
    files: dict[Hashable, tuple[Path, ...]] = {"a": (file, guide)}
    for second in range(10):
        with file.open("ab") as growing:
            growing.write(b"some more")
        assert not steady.new(files, 2.0, second)
    assert not steady.new(files, 2.0, 10.9)
    assert steady.new(files, 2.0, 11.0) == {"a"}
    assert not steady.new(files, 2.0, 20.0)  # each once
    guide.write_bytes(b"later")
    assert not steady.new(files, 2.0, 21.0)
    assert steady.new(files, 2.0, 23.0) == {"a"}


def test_a_file_that_went_and_came_back_is_taken_again(tmp_path: Path) -> None:
    steady, file = watch.Unchanged(), photograph(tmp_path / "a.png")
    assert not steady.new({"a": (file,)}, 2.0, 0.0)
    assert steady.new({"a": (file,)}, 2.0, 2.0) == {"a"}
    assert not steady.new({}, 2.0, 3.0)
    assert not steady.new({"a": (file,)}, 2.0, 4.0)
    assert steady.new({"a": (file,)}, 2.0, 6.0) == {"a"}


def test_a_file_that_is_renamed_into_the_folder_is_taken(
    watched: Watched, folder: Path, tmp_path: Path
) -> None:
    """Its times are old, and it comes whole."""
    ready = pair(tmp_path / "ready.png")
    os.utime(ready, (1, 1))
    out = folder.with_name("photos-matte")

    def visit() -> None:
        ready.with_name("ready_trimap.png").rename(folder / "ready_trimap.png")
        ready.rename(folder / "ready.png")
        photograph(folder / ".upload.png").rename(folder / "upload.png")
        trimap_of(folder / "upload.png")
        soon((out / "ready.png").exists)
        soon((out / "upload.png").exists)

    status, report, _ = watched(visit)
    assert (status, report["done"]) == (0, 2)


def test_what_changes_is_taken_again(watched: Watched, folder: Path, engine: FakeEngine) -> None:
    """A damaged picture that is replaced, a picture that is edited, and a guide that comes late."""
    out = folder.with_name("photos-matte")

    def visit() -> None:
        (folder / "a.png").write_bytes(photograph(folder / "a.png").read_bytes()[:-30])
        trimap_of(folder / "a.png")
        settle()
        assert not (out / "a.png").exists()
        photograph(folder / "a.png")
        soon((out / "a.png").exists)
        before = (out / "a.png").read_bytes()
        photograph(folder / "a.png", mode="L")
        soon(lambda: (out / "a.png").read_bytes() != before)
        photograph(folder / "late.png")
        settle()
        assert not (out / "late.png").exists()
        trimap_of(folder / "late.png")
        soon((out / "late.png").exists)
        settle()

    status, report, messages = watched(visit)
    assert status == 0, messages
    assert (report["done"], report["failed"]) == (2, 0)
    assert len(engine.runs) == 3
    assert "late.png: There is no guide beside it" in messages


def test_what_earlier_batches_finished_is_not_made_again(
    batch: Batch, watched: Watched, folder: Path, engine: FakeEngine
) -> None:
    pair(folder / "a.png")
    batch(folder, "--quiet")
    retouched = photograph(folder.with_name("photos-matte") / "a.png")
    before = checksums(folder)

    def visit() -> None:
        pair(folder / "b.png")
        soon((folder.with_name("photos-matte") / "b.png").exists)

    status, report, messages = watched(visit)
    assert (status, report["done"], report["skipped"]) == (0, 1, 1)
    assert len(engine.runs) == 2
    assert "a.png" not in messages
    assert stored(retouched).shape == (30, 40, 3)
    assert checksums(folder).items() >= before.items()


def test_a_folder_that_is_gone_for_a_while_is_reported_once(watched: Watched, folder: Path) -> None:
    out = folder.with_name("photos-matte")
    pair(folder / "a.png")

    def visit() -> None:
        soon((out / "a.png").exists)
        away = folder.rename(folder.with_name("away"))
        settle()
        shutil.copytree(away, folder)
        pair(folder / "b.png")
        soon((out / "b.png").exists)

    status, report, messages = watched(visit, "--out", out)
    assert status == 0, messages
    assert messages.count("cannot be listed") == 1
    assert report["done"] == 2


def test_files_that_cannot_be_read_are_named_once(watched: Watched, folder: Path) -> None:
    def visit() -> None:
        (folder / "notes.txt").write_text("no picture")
        settle()

    status, report, messages = watched(visit)
    assert (status, report["skipped"]) == (0, 1)
    assert messages.count("notes.txt") == 1


def test_ctrl_c_during_a_picture_is_an_interruption(
    watched: Watched, folder: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair(folder / "a.png")
    pair(folder / "b.png")
    begun, alpha = threading.Event(), engine.alpha

    def slow(*arguments: object) -> object:
        begun.set()
        time.sleep(0.3)
        return alpha(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "alpha", slow)
    status, report, _ = watched(lambda: begun.wait(10) and None)
    assert (status, report["interrupted"]) == (130, True)
    assert not [name for name in pictures(folder.with_name("photos-matte")) if "part" in name]


@pytest.mark.parametrize("words", [["-"], ["a.png"], ["a.png", "b.png"]])
def test_only_a_folder_can_be_watched(
    batch: Batch,
    folder: Path,
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    pair(folder / "a.png")
    pair(folder / "b.png")
    assert batch(*words, "--watch") == 2
    assert "Only a folder can be watched." in capsys.readouterr().err
