"""A batch can be stopped and gone on with, and never writes over what is not its own."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from batch.trees import checksums, pair, photograph, pictures, trimap_of
from matteplug.testing import FakeEngine
from matteplug.types import Tensor
from matteplug_batch.find import MARKER

Batch = Callable[..., int]


@pytest.fixture
def out(folder: Path) -> Path:
    return folder.parent / "photos-matte"


def test_a_second_run_does_everything_again(batch: Batch, engine: FakeEngine, folder: Path) -> None:
    pair(folder / "a.png")
    assert batch(folder) == 0
    assert batch(folder) == 0
    assert len(engine.runs) == 2


def test_resume_leaves_finished_pictures_alone(
    batch: Batch, engine: FakeEngine, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    batch(folder)
    pair(folder / "b.png")
    assert batch(folder, "--resume") == 0
    assert len(engine.runs) == 2
    assert "1 done, 0 failed, 1 skipped" in capsys.readouterr().out


@pytest.mark.parametrize("changed", ["picture", "trimap", "output", "result"])
def test_resume_redoes_what_has_changed(
    batch: Batch, engine: FakeEngine, folder: Path, out: Path, changed: str
) -> None:
    pair(folder / "a.png")
    batch(folder)
    if changed == "picture":
        photograph(folder / "a.png", 40, 30, "L")
    elif changed == "trimap":
        os.utime(folder / "a_trimap.png", (1, 1))
    elif changed == "result":
        (out / "a.png").unlink()
    assert batch(folder, "--resume", *(["--output", "alpha"] if changed == "output" else [])) == 0
    assert len(engine.runs) == 2


@pytest.mark.parametrize(
    "flags",
    [
        ("--no-refine",),
        ("--no-clean-colours",),
        ("--no-align",),
        ("--band", "3"),
        ("--limit", "99"),
    ],
    ids=lambda flags: flags[0],
)
def test_resume_redoes_what_was_made_with_other_options(
    batch: Batch, engine: FakeEngine, folder: Path, flags: tuple[str, ...]
) -> None:
    pair(folder / "a.png")
    batch(folder)
    assert batch(folder, "--resume", *flags) == 0
    assert len(engine.runs) == 2
    assert batch(folder, "--resume", *flags) == 0
    assert len(engine.runs) == 2, "the same ones are no reason"


def test_a_file_that_is_not_ours_is_left_alone(
    batch: Batch, folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    photograph(out / "a.png", 3, 3)
    before = checksums(out)
    assert batch(folder) == 1
    assert checksums(out) == before
    assert "not overwritten" in capsys.readouterr().err


def test_an_input_is_never_written_over(batch: Batch, folder: Path, tmp_path: Path) -> None:
    """The output folder holds the picture itself; the input folder has a link to it."""
    out = tmp_path / "out"
    pair(out / "a.png")
    (folder / "a.png").symlink_to(out / "a.png")
    trimap_of(folder / "a.png")
    (out / MARKER).write_text('{"result": "a.png"}\n')
    before = checksums(out)
    assert batch(folder, "--out", out) == 1
    assert checksums(out) == before


def test_a_torn_journal_is_read_as_far_as_it_goes(
    batch: Batch, engine: FakeEngine, folder: Path, out: Path
) -> None:
    pair(folder / "a.png")
    batch(folder)
    with (out / MARKER).open("a") as journal:
        journal.write('{"result": "b.p')
    assert batch(folder, "--resume") == 0
    assert len(engine.runs) == 1


def test_a_torn_journal_is_gone_on_with(
    batch: Batch, engine: FakeEngine, folder: Path, out: Path
) -> None:
    pair(folder / "a.png")
    out.mkdir()
    (out / MARKER).write_bytes(b'{"result": "b.p')
    for _ in range(2):
        assert batch(folder, "--resume") == 0
    assert len(engine.runs) == 1


@pytest.mark.parametrize("line", [1, 2])
def test_after_a_full_disk_the_batch_can_be_gone_on_with(
    batch: Batch, folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch, line: int
) -> None:
    """The disk is full when the first or the second line of the journal is written."""
    pair(folder / "a.png")
    opened, lines = Path.open, []

    def full(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if mode.startswith("a"):
            lines.append(path)
            if len(lines) == line:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, mode, *rest, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", full)
        assert batch(folder) == 1
    assert batch(folder, "--resume") == 0
    assert pictures(out) == ["a.png"]


def test_a_result_that_was_begun_and_not_finished_is_made_again(
    batch: Batch, engine: FakeEngine, folder: Path, out: Path
) -> None:
    """As after a second Ctrl-C between the result and the journal's last line."""
    pair(folder / "a.png")
    batch(folder)
    whole = (out / MARKER).read_bytes().splitlines(keepends=True)
    (out / MARKER).write_bytes(b"".join(whole[:-1]))
    assert batch(folder, "--resume") == 0
    assert len(engine.runs) == 2


def test_a_picture_that_is_edited_while_it_is_matted_is_made_again(
    batch: Batch, engine: FakeEngine, folder: Path
) -> None:
    picture = pair(folder / "a.png")
    alpha = engine.alpha

    def slow(inputs: Mapping[str, Tensor]) -> Tensor:
        os.utime(picture, (1, 1))
        return alpha(inputs)

    engine.alpha = slow
    batch(folder)
    for _ in range(2):
        assert batch(folder, "--resume") == 0
    assert len(engine.runs) == 2


def test_a_backdrop_that_is_edited_while_it_is_used_is_used_anew(
    batch: Batch, engine: FakeEngine, folder: Path, tmp_path: Path
) -> None:
    pair(folder / "a.png")
    wall = photograph(tmp_path / "wall.png")
    alpha = engine.alpha

    def slow(inputs: Mapping[str, Tensor]) -> Tensor:
        os.utime(wall, (1, 1))
        return alpha(inputs)

    engine.alpha = slow
    batch(folder, "--backdrop", wall)
    for _ in range(2):
        assert batch(folder, "--backdrop", wall, "--resume") == 0
    assert len(engine.runs) == 2


def test_an_output_folder_inside_the_tree_is_no_source(
    batch: Batch, engine: FakeEngine, folder: Path
) -> None:
    pair(folder / "a.png")
    for _ in range(2):
        assert batch(folder, "--out", folder / "cut") == 0
    assert len(engine.runs) == 2


@pytest.mark.skipif(os.name != "posix", reason="sends a signal to itself")
def test_ctrl_c_stops_cleanly(
    batch: Batch,
    engine: FakeEngine,
    folder: Path,
    out: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in "abc":
        pair(folder / f"{name}.png")
    alpha, before = engine.alpha, signal.getsignal(signal.SIGINT)

    def first(inputs: Mapping[str, Tensor]) -> Tensor:
        engine.delay_s = 30.0  # the second picture will not get ready
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        return alpha(inputs)

    engine.alpha = first
    assert batch(folder) == 130
    said = capsys.readouterr().out
    assert "1 done, 0 failed, 2 not started" in said
    assert "--resume" in said
    assert pictures(out) == ["a.png"]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name != "posix", reason="sends a signal to itself")
def test_ctrl_c_is_answered_where_the_work_cannot_be_left_at_once(
    batch: Batch, engine: FakeEngine, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    alpha = engine.alpha

    def slow(inputs: Mapping[str, Tensor]) -> Tensor:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.6)
        return alpha(inputs)

    engine.alpha = slow
    assert batch(folder) == 130
    assert "Stopping after a.png" in capsys.readouterr().err
