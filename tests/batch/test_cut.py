"""One picture, several, a pattern, a pipe: ``matteplug cut``, and ``matteplug batch`` of files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from PIL import Image

from batch.trees import checksums, pair, photograph, pictures, plate_of, stored, trimap_of
from matteplug import cli
from matteplug.testing import FakeEngine

Command = Callable[..., int]
TEXTS = pytest.CaptureFixture[str]


@pytest.fixture
def cut(engine: FakeEngine) -> Command:
    return lambda *arguments: cli.main(["cut", *map(str, arguments)])


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Put a file on standard input."""
    opened: list[BinaryIO] = []

    def pipe(path: Path) -> None:
        opened.append(path.open("rb"))
        monkeypatch.setattr(sys, "stdin", opened[-1])

    yield pipe
    for file in opened:
        file.close()


def test_a_picture_is_cut_out_beside_itself_with_the_guide_beside_it(
    cut: Command, folder: Path, capsys: TEXTS
) -> None:
    pair(folder / "a.jpg")
    before = checksums(folder)
    assert cut(folder / "a.jpg") == 0
    after = checksums(folder)
    assert {name: after.pop(name) for name in before} == before
    assert list(after) == ["a_cutout.png"]
    cutout = stored(folder / "a_cutout.png")
    np.testing.assert_array_equal(cutout[..., 3], stored(folder / "a_trimap.png"))
    said = capsys.readouterr().err
    assert said.startswith(f"{folder / 'a.jpg'}: done, {folder / 'a_cutout.png'} (by-trimap on ")
    assert said.count("\n") == 1


def test_what_was_cut_is_no_picture_of_the_folder(
    cut: Command, batch: Command, folder: Path
) -> None:
    pair(folder / "a.jpg")
    assert cut(folder / "a.jpg") == 0
    assert cut(folder / "a.jpg", "--backdrop", "white") == 0
    assert cut(folder / "a.jpg", "--output", "alpha") == 0
    assert batch(folder) == 0
    assert pictures(folder.with_name("photos-matte")) == ["a.png"]


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
def test_the_suffix_is_the_format(cut: Command, folder: Path, suffix: str) -> None:
    pair(folder / "a.jpg")
    result = folder / f"b.{suffix}"
    assert cut(folder / "a.jpg", "-o", result) == 0
    with Image.open(result) as image:
        assert image.format == {"tif": "TIFF"}.get(suffix, suffix.upper())
        assert image.mode == "RGBA"


def test_the_guide_can_be_named(cut: Command, folder: Path, engine: FakeEngine) -> None:
    photograph(folder / "a.jpg")
    (folder / "else").mkdir()
    guide = trimap_of(folder / "else" / "b.jpg")
    plate = plate_of(folder / "else" / "wall.png")
    assert cut(folder / "a.jpg", "--trimap", guide, "-o", folder / "t.png") == 0
    np.testing.assert_array_equal(stored(folder / "t.png")[..., 3], stored(guide))
    assert cut(folder / "a.jpg", "--selection", guide, "-o", folder / "s.png") == 0
    assert cut(folder / "a.jpg", "--plate", plate, "--no-refine", "-o", folder / "p.png") == 0
    assert engine.runs[-1][0] == "by-plate"


def test_several_and_patterns_go_into_a_folder(cut: Command, folder: Path) -> None:
    for name in ("a.jpg", "b.png", "sub/a.jpg"):
        pair(folder / name)
    out = folder.with_name("out")
    assert cut(folder / "*.*g", folder / "a.jpg", folder / "sub" / "a.jpg", "-o", f"{out}/") == 0
    assert pictures(out) == ["a.jpg-2.png", "a.jpg.png", "b.png"]


def test_a_pipe(
    cut: Command,
    batch: Command,
    folder: Path,
    piped: Callable[[Path], None],
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    pair(folder / "a.png")
    cut(folder / "a.png", "-o", folder / "expected.png")
    capfdbinary.readouterr()
    for words in (("-", "--trimap", folder / "a_trimap.png"), (folder / "a.png", "-o", "-")):
        piped(folder / "a.png")
        assert cut(*words) == 0
        printed, said = capfdbinary.readouterr()
        assert printed == (folder / "expected.png").read_bytes()
        assert b"standard output" in said
        assert b"matteplug-" not in said, "the temporary folder"
    piped(folder / "a.png")
    assert batch("-") == 1, "there is no guide beside it"
    printed, said = capfdbinary.readouterr()
    assert printed == b""
    assert said.startswith(b"standard input: There is no guide beside it")
    assert b"Name one with --trimap" in said


def test_a_picture_of_a_pipe_goes_to_a_file_too(
    cut: Command, folder: Path, piped: Callable[[Path], None]
) -> None:
    piped(pair(folder / "a.png"))
    result = folder / "b.webp"
    assert cut("-", "-o", result, "--trimap", folder / "a_trimap.png") == 0
    assert result.read_bytes()[8:12] == b"WEBP"


def test_what_exists_is_overwritten_by_force_only(
    cut: Command, folder: Path, capsys: TEXTS
) -> None:
    pair(folder / "a.jpg")
    mine = folder / "mine.png"
    mine.write_bytes(b"mine")
    assert cut(folder / "a.jpg", "-o", mine) == 1
    assert mine.read_bytes() == b"mine"
    assert "exists, so it is not overwritten. Overwrite it with --force" in capsys.readouterr().err
    assert cut(folder / "a.jpg", "-o", mine, "--force") == 0
    assert stored(mine).shape == (30, 40, 4)
    before = checksums(folder)
    assert cut(folder / "a.jpg", "-o", folder / "a_trimap.png", "--force") == 1, "an input"
    assert checksums(folder) == before


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["a.jpg", "-o", "x.gif"], 2, "The suffix .gif is not that of a picture"),
        (["a.jpg", "-o", "x"], 2, "A name without a suffix"),
        (["a.jpg", "-o", "x.jpg"], 2, "A JPEG file cannot hold a cutout"),
        (["a.jpg", "b.jpg", "-o", "x.png"], 2, "2 pictures cannot be written to x.png"),
        (["a.jpg", "b.jpg", "-o", "-"], 2, "2 pictures cannot be written to standard output"),
        (["a.jpg", "b.jpg", "--trimap", "t.png"], 2, "One guide cannot be that of 2 pictures"),
        (["a.jpg", "-"], 2, "Standard input cannot be cut out together with files"),
        (["nothing.jpg"], 2, "There is no file nothing.jpg"),
        (["z*.jpg"], 2, "No file matches z*.jpg"),
        (["."], 2, "matteplug batch ."),
        (["a_trimap.png"], 2, "By its name it goes with another picture"),
        (["note.txt"], 2, "This is not a picture"),
        (["a.jpg", "-o", "b.jpg/x.png"], 1, "b.jpg is a file"),
        (["a.jpg", "--trimap", "."], 1, ". is a folder, not a picture"),
        (["broken.jpg"], 1, "broken.jpg is damaged"),
    ],
)
def test_bad_input_gets_a_sentence(  # noqa: PLR0917 - fixtures and a table
    cut: Command,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: TEXTS,
    words: list[str],
    status: int,
    told: str,
) -> None:
    pair(folder / "a.jpg")
    pair(folder / "b.jpg")
    (folder / "note.txt").write_text("buy milk")
    pair(folder / "broken.jpg").write_bytes((folder / "a.jpg").read_bytes()[:300])
    before = checksums(folder)
    monkeypatch.chdir(folder)
    assert cut(*words) == status
    assert told in capsys.readouterr().err
    assert checksums(folder) == before


def test_one_picture_that_fails_does_not_stop_the_others(
    cut: Command, folder: Path, capsys: TEXTS
) -> None:
    pair(folder / "a.jpg")
    pair(folder / "b.jpg")
    (folder / "a.jpg").write_bytes(b"")
    (folder / "note.txt").write_text("buy milk")
    assert cut(folder / "*") == 1
    assert (folder / "b_cutout.png").exists()
    said = capsys.readouterr().err
    assert f"{folder / 'note.txt'}: skipped. This is not a picture" in said
    assert said.count("\n") == 5, "two guides, a text, a failure, a result"


def test_a_batch_takes_files_as_a_part_of_their_folder(
    batch: Command, folder: Path, engine: FakeEngine
) -> None:
    for name in ("a.jpg", "a.tif", "sub/b.png"):
        pair(folder / name)
    out = folder.with_name("photos-matte")
    assert batch(folder / "a.jpg", folder / "a.jpg") == 0
    assert pictures(out) == ["a.jpg.png"]
    assert batch(folder / "a.jpg", folder / "sub" / "*.png", "--resume") == 0
    assert pictures(out) == ["a.jpg.png", "sub/b.png"]
    assert batch(folder, "--resume", "--json") == 0
    assert len(engine.runs) == 3, "each picture once"


def test_a_batch_s_format(batch: Command, folder: Path, capsys: TEXTS) -> None:
    pair(folder / "a.jpg")
    assert batch(folder, "--format", "webp") == 0
    assert pictures(folder.with_name("photos-matte")) == ["a.webp"]
    assert batch(folder, "--format", "jpg") == 2
    assert "A JPEG file cannot hold a cutout" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither")
def test_a_closed_pipe_and_a_full_disk_end_with_a_status(tmp_path: Path) -> None:
    picture = tmp_path / "result.png"
    picture.write_bytes(os.urandom(1 << 18))
    code = (
        "import sys; from pathlib import Path; from matteplug import cli, plugins, hookspecs\n"
        "from matteplug_batch import streams\n"
        "registry = plugins.Registry()\n"
        "run = lambda args: streams.write(Path(sys.argv[1]))\n"
        "write = hookspecs.Command(name='w', help='W', configure=lambda p: None, run=run)\n"
        "registry.add('w', 'w', commands=[write]); plugins.registry = lambda: registry\n"
        "sys.exit(cli.main(['w']))"
    )

    def run(stdout: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, str(picture)],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    reading, writing = os.pipe()
    os.close(reading)
    closed = run(writing)
    os.close(writing)
    assert (closed.returncode, closed.stderr) == (141, "")
    with open("/dev/full", "wb") as full:
        ended = run(full.fileno())
    assert ended.returncode == 2
    assert "No space left on device" in ended.stderr
