"""Every bad picture is reported in one sentence, and the good ones beside it are done."""

from __future__ import annotations

import errno
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from batch.trees import checksums, pair, photograph, pictures, stored, trimap_of
from matteplug.errors import EngineError
from matteplug.images import files
from matteplug.testing import FakeEngine
from matteplug_batch.find import MARKER

Batch = Callable[..., int]


@pytest.fixture
def outcome_of(
    batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], dict[str, Any]]:
    """Run the batch with a good picture beside the bad one; return what is said of the latter."""

    def run(name: str) -> dict[str, Any]:
        pair(folder / "good.png")
        before = checksums(folder)
        status = batch(folder, "--json")
        assert checksums(folder) == before
        report = json.loads(capsys.readouterr().out)
        outcomes = {outcome["picture"]: outcome for outcome in report["pictures"]}
        assert outcomes.pop("good.png")["state"] == "done"
        (outcome,) = outcomes.values()
        assert outcome["picture"] == name
        assert status == (0 if outcome["state"] == "done" else 1)
        assert (folder.parent / "photos-matte" / "good.png").is_file()
        return dict(outcome)

    return run


def refused(outcome: dict[str, Any]) -> str:
    """Check that a refusal is one sentence with a hint; return its code."""
    assert outcome["state"] == "failed"
    error = outcome["error"]
    assert error["code"] != "unexpected", error["message"]
    assert error["message"].endswith(".")
    assert "\n" not in error["message"]
    assert error["hint"]
    return str(error["code"])


def result(folder: Path, name: str) -> NDArray[Any]:
    return stored(folder.parent / "photos-matte" / name)


def test_no_such_folder(batch: Batch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert batch(tmp_path / "nowhere") == 2
    assert "There is no folder" in capsys.readouterr().err
    assert not (tmp_path / "nowhere-matte").exists()


def test_an_empty_folder(batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert batch(folder) == 2
    assert "There is no picture in" in capsys.readouterr().err
    assert not (folder.parent / "photos-matte").exists()


def test_pictures_that_cannot_be_read_are_no_pictures(
    batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.heic").write_bytes(b"")
    assert batch(folder) == 2
    assert "only 1 that cannot be read" in capsys.readouterr().err


def test_a_file_in_the_way_of_a_result(batch: Batch, folder: Path) -> None:
    pair(folder / "a.png")
    pair(folder / "sub" / "b.png")
    out = folder.parent / "photos-matte"
    out.mkdir()
    (out / "sub").write_text("")
    assert batch(folder) == 1
    assert pictures(out) == ["a.png", "sub"]


def test_a_file_of_no_bytes(outcome_of: Callable[[str], Any], folder: Path) -> None:
    pair(folder / "bad.png").write_bytes(b"")
    assert refused(outcome_of("bad.png")) == "file-empty"


@pytest.mark.parametrize("name", ["bad.png", "bad.jpg", "bad.tif", "bad.webp"])
def test_a_truncated_file(outcome_of: Callable[[str], Any], folder: Path, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    bad = folder / name
    Image.fromarray(noise).save(bad)
    trimap_of(bad)
    bad.write_bytes(bad.read_bytes()[: bad.stat().st_size * 2 // 3])
    assert refused(outcome_of(name)) == "file-damaged"


def test_a_text_file_that_is_called_a_picture(
    outcome_of: Callable[[str], Any], folder: Path
) -> None:
    pair(folder / "bad.png").write_text("Dear diary,\n" * 20)
    assert refused(outcome_of("bad.png")) == "file-not-image"


def test_a_damaged_trimap_is_named(outcome_of: Callable[[str], Any], folder: Path) -> None:
    pair(folder / "bad.png")
    (folder / "bad_trimap.png").write_bytes(b"")
    outcome = outcome_of("bad.png")
    assert refused(outcome) == "file-empty"
    assert "bad_trimap.png" in outcome["error"]["message"]


def test_a_broken_link(outcome_of: Callable[[str], Any], folder: Path) -> None:
    (folder / "bad.png").symlink_to(folder / "gone.png")
    trimap_of(folder / "bad.png")
    assert refused(outcome_of("bad.png")) == "file-missing"


def test_a_link_in_a_circle(outcome_of: Callable[[str], Any], folder: Path) -> None:
    (folder / "bad.png").symlink_to(folder / "bad.png")
    trimap_of(folder / "bad.png")
    assert refused(outcome_of("bad.png")) == "file-unreadable"


def test_a_trimap_of_another_size(outcome_of: Callable[[str], Any], folder: Path) -> None:
    photograph(folder / "bad.png")
    trimap_of(folder / "bad.png", width=50)
    assert refused(outcome_of("bad.png")) == "trimap-size"


def test_a_trimap_that_is_all_unknown(outcome_of: Callable[[str], Any], folder: Path) -> None:
    photograph(folder / "bad.png")
    Image.new("L", (40, 30), 128).save(folder / "bad_trimap.png")
    assert refused(outcome_of("bad.png")) == "trimap-all-unknown"


def test_a_picture_of_one_pixel(outcome_of: Callable[[str], Any], folder: Path) -> None:
    photograph(folder / "bad.png", 1, 1)
    Image.new("L", (1, 1), 128).save(folder / "bad_trimap.png")
    assert refused(outcome_of("bad.png")) == "trimap-all-unknown"


@pytest.mark.parametrize(("width", "height"), [(7, 5), (20_000, 10), (10, 20_000)])
def test_odd_sizes(outcome_of: Callable[[str], Any], folder: Path, width: int, height: int) -> None:
    pair(folder / "odd.png", width, height)
    assert outcome_of("odd.png")["state"] == "done"
    assert result(folder, "odd.png").shape == (height, width, 4)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA"])
def test_modes_of_png(outcome_of: Callable[[str], Any], folder: Path, mode: str) -> None:
    photograph(folder / "odd.png", mode=mode)
    trimap_of(folder / "odd.png")
    assert outcome_of("odd.png")["state"] == "done"
    cutout = result(folder, "odd.png")
    with Image.open(folder / "odd.png") as image:
        expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(cutout[15, 20, :3], expected[15, 20])


def test_cmyk(outcome_of: Callable[[str], Any], folder: Path) -> None:
    photograph(folder / "odd.jpg", mode="CMYK")
    trimap_of(folder / "odd.jpg")
    assert outcome_of("odd.jpg")["state"] == "done"
    assert result(folder, "odd.png").shape == (30, 40, 4)


@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits_are_not_clipped(
    outcome_of: Callable[[str], Any], folder: Path, channels: int
) -> None:
    values = np.linspace(0, 65535, 40 * 30).reshape(30, 40).astype(np.uint16)
    files.write(folder / "odd.png", values if channels == 1 else np.dstack([values] * 3))
    trimap_of(folder / "odd.png")
    assert outcome_of("odd.png")["state"] == "done"
    cutout = files.read(folder.parent / "photos-matte" / "odd.png").image
    np.testing.assert_array_equal(cutout[15, 14:26, 0], values[15, 14:26])


def test_a_decompression_bomb(outcome_of: Callable[[str], Any], folder: Path) -> None:
    """A header that promises 3600 megapixels is enough: what follows is never inflated."""
    pair(folder / "bad.png")
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1000))
    chunks = [
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (header, data, b"IEND")
    ]
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    assert refused(outcome_of("bad.png")) == "image-too-large"


def test_an_output_folder_that_cannot_be_made(
    batch: Batch, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    (tmp_path / "file").write_text("")
    assert batch(folder, "--out", tmp_path / "file" / "out") == 2
    assert "cannot be written to" in capsys.readouterr().err


def test_an_output_folder_that_is_a_link_in_a_circle(
    batch: Batch, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    (tmp_path / "out").symlink_to(tmp_path / "out")
    assert batch(folder, "--out", tmp_path / "out") == 2
    assert "cannot be written to" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_folder_without_permission(
    batch: Batch, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    assert batch(folder, "--out", out) == 2
    assert "cannot be written to" in capsys.readouterr().err


@pytest.mark.parametrize(
    "where",
    [("fsync", f"{MARKER} was not written: No space"), ("replace", "disk is full")],
)
def test_a_full_disk_stops_the_batch(
    batch: Batch,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    where: tuple[str, str],
) -> None:
    """It is full for the journal, which is synced first, or for the result."""
    step, reason = where
    for name in "abc":
        pair(folder / f"{name}.png")

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    assert batch(folder) == 1
    said = capsys.readouterr()
    assert "1 failed, 2 not started" in said.out
    assert reason in said.err
    assert os.listdir(folder.parent / "photos-matte") == [MARKER]


def test_a_folder_that_may_not_be_listed_is_told(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    closed = folder / "closed"
    closed.mkdir()
    scandir = os.scandir

    def guarded(place: Path) -> Any:
        if place == closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", guarded)
    assert batch(folder, "--quiet") == 1
    said = capsys.readouterr()
    assert not said.out
    assert said.err == f"{closed}: This folder cannot be listed. Change its permissions.\n"


def test_a_picture_that_a_solver_gives_up_concerns_no_other(
    batch: Batch, engine: FakeEngine, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png", 20, 20)
    pair(folder / "b.png")
    alpha = engine.alpha

    def gives_up(inputs: Any) -> Any:
        if inputs["image"].shape[2] == 20:
            raise EngineError("solver-failed", "The solver found no alpha.")
        return alpha(inputs)

    engine.alpha = gives_up
    assert batch(folder) == 1
    assert "The solver found no alpha" in capsys.readouterr().err
    assert pictures(folder.parent / "photos-matte") == ["b.png"]


def test_a_mistake_in_a_network_concerns_one_picture(
    batch: Batch, engine: FakeEngine, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png", 20, 20)
    pair(folder / "b.png")
    alpha = engine.alpha

    def breaks(inputs: Any) -> Any:
        if inputs["image"].shape[2] == 20:
            raise ZeroDivisionError("float division by zero")
        return alpha(inputs)

    engine.alpha = breaks
    assert batch(folder, "--quiet") == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert pictures(folder.parent / "photos-matte") == ["b.png"]
