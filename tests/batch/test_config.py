"""Options in files, and what would be done: ``matteplug.toml``, ``config``, ``--dry-run``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from batch.trees import checksums, pair, photograph, pictures, stored
from matteplug import cli
from matteplug.testing import FakeEngine

Batch = Callable[..., int]
TEXTS = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the user's file of options, which is not there yet."""
    monkeypatch.setenv("MATTEPLUG_CONFIG", str(tmp_path / "config"))
    (tmp_path / "config").mkdir()
    return tmp_path / "config" / "matteplug.toml"


def test_a_flag_comes_before_the_folder_s_file_and_that_before_the_user_s(
    batch: Batch, folder: Path, own: Path, capsys: TEXTS
) -> None:
    pair(folder / "a.png")
    result = folder.with_name("photos-matte") / "a.png"

    def corner() -> list[int]:
        assert np.ndim(stored(result)) == 3
        corner: list[int] = stored(result)[0, 0].tolist()
        return corner

    own.write_text('backdrop = "#010203"\nprovider = "cpu"\n')
    assert batch(folder) == 0
    assert corner() == [1, 2, 3]
    assert f"Options from {own}: backdrop, provider." in capsys.readouterr().err
    (folder / "matteplug.toml").write_text('backdrop = "#040506"\n')
    assert batch(folder) == 0
    assert corner() == [4, 5, 6]
    assert batch(folder, "--backdrop", "#070809") == 0
    assert corner() == [7, 8, 9]
    assert cli.main(["cut", str(folder / "a.png"), "-o", str(folder / "b.png")]) == 0
    assert stored(folder / "b.png")[0, 0].tolist() == [4, 5, 6]


def test_a_picture_named_in_a_file_lies_beside_it(
    batch: Batch, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair(folder / "sub" / "a.png")
    photograph(folder / "plate.png")
    (folder / "matteplug.toml").write_text('backdrop = "plate.png"\n')
    monkeypatch.chdir(tmp_path)
    assert batch("photos", "--dry-run") == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("band_px = ", "cannot be read"),
        ("bandpx = 3", 'no option "bandpx"'),
        ('output = "picture"', "Choose cutout, alpha, foreground"),
        ("band_px = 0", "out of range"),
        ("max_memory_mib = 99999", "where only options of the result may be"),
        ('provider = "cuda"', "where only options of the result may be"),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_batch(
    batch: Batch, folder: Path, capsys: TEXTS, text: str, told: str
) -> None:
    pair(folder / "a.png")
    file = folder / "matteplug.toml"
    file.write_text(text)
    assert batch(folder) == 2
    said = capsys.readouterr().err
    assert told in said
    assert str(file) in said
    assert not folder.with_name("photos-matte").exists()


def test_config_shows_every_option_and_who_set_it(
    engine: FakeEngine, folder: Path, own: Path, capsys: TEXTS
) -> None:
    own.write_text("max_side_px = 5000\n")
    (folder / "matteplug.toml").write_text("band_px = 7\n")
    assert cli.main(["config", str(folder), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["band_px"] == {"value": 7, "source": str(folder / "matteplug.toml")}
    assert shown["max_side_px"] == {"value": 5000, "source": str(own)}
    assert shown["format"] == {"value": "png", "source": None}
    assert cli.main(["config", str(folder)]) == 0
    shown = capsys.readouterr()
    assert f"{own}: read\n" in shown.err
    rows = [row.split("\t") for row in shown.out.splitlines()]
    assert ["band_px", "--band", str(folder / "matteplug.toml"), "7"] in rows
    assert {len(row) for row in rows} == {4}


def test_a_dry_run_tells_and_does_nothing(batch: Batch, folder: Path, capsys: TEXTS) -> None:
    pair(folder / "a.png")
    photograph(folder / "b.png")
    (folder / "note.txt").write_text("buy milk")
    before = checksums(folder.parent)
    assert batch(folder, "--dry-run") == 1, "b.png has no guide"
    told = capsys.readouterr().out.splitlines()
    result = folder.with_name("photos-matte") / "a.png"
    assert told[0] == (
        f"{folder / 'a.png'}: would become {result}, with {folder / 'a_trimap.png'}."
    )
    assert told[1].startswith(f"{folder / 'b.png'}: There is no guide beside it")
    assert told[2].startswith(f"{folder / 'note.txt'}: skipped. This is not a picture")
    assert checksums(folder.parent) == before

    assert cli.main(["cut", str(folder / "a.png"), "--dry-run"]) == 0
    assert "would become" in capsys.readouterr().out
    assert checksums(folder.parent) == before

    batch(folder)
    capsys.readouterr()
    assert batch(folder / "a.png", "--dry-run", "--resume") == 0
    assert "skipped" in capsys.readouterr().out
    assert pictures(folder.with_name("photos-matte")) == ["a.png"]
