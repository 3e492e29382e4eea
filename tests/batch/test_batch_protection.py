"""Results are made again where an accident changed them, and kept where a person did."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import matteplug_batch
from batch.conftest import NETWORKS
from batch.trees import checksums, pair, stored
from matteplug import plugins, weights
from matteplug.images import files
from matteplug.testing import FakeEngine
from matteplug_batch import fingerprint, lock
from matteplug_batch.find import MARKER

Batch = Callable[..., int]


@pytest.fixture
def out(folder: Path) -> Path:
    return folder.parent / "photos-matte"


def flip_a_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


ACCIDENTS: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda content: content[: len(content) // 2],
    "without its last byte": lambda content: content[:-1],
    "without its last chunk": lambda content: content[:-12],
    "empty": lambda content: b"",
    "zeros": lambda content: bytes(len(content)),
    "one bit": flip_a_bit,
    "a text": lambda content: b"<html>502 Bad Gateway</html>",
}


@pytest.mark.parametrize("accident", ACCIDENTS)
@pytest.mark.parametrize("flags", [(), ("--resume",)])
def test_a_result_that_is_not_whole_is_made_again(
    batch: Batch, folder: Path, out: Path, accident: str, flags: tuple[str, ...]
) -> None:
    pair(folder / "a.png")
    batch(folder)
    before = checksums(out)["a.png"]
    (out / "a.png").write_bytes(ACCIDENTS[accident]((out / "a.png").read_bytes()))
    assert batch(folder, *flags) == 0
    assert checksums(out)["a.png"] == before


@pytest.mark.parametrize("suffix", ["png", "jpeg", "tiff"])
def test_what_was_retouched_is_kept_without_force(
    batch: Batch, folder: Path, out: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    pair(folder / "a.png")
    batch(folder)
    Image.new("RGB", (9, 9), "red").save(out / "a.png", suffix)
    before = checksums(out)["a.png"]
    assert batch(folder) == 1
    assert "--force" in capsys.readouterr().err
    assert batch(folder, "--resume") == 0
    assert "retouched since" in capsys.readouterr().out
    assert batch(folder, "--resume", "--output", "alpha") == 1
    assert checksums(out)["a.png"] == before
    assert batch(folder, "--resume", "--force") == 0
    assert stored(out / "a.png").shape == (30, 40, 4)


@pytest.mark.parametrize("runs", [1, 2], ids=["new", "made anew"])
@pytest.mark.parametrize("lost", [1, 2], ids=["claimed and named", "claimed"])
def test_what_was_retouched_after_a_kill_is_kept(
    batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str], runs: int, lost: int
) -> None:
    """The journal has not heard that the result was finished."""
    out = folder.parent / "photos-matte"
    pair(folder / "a.png")
    for output in ("cutout", "alpha")[:runs]:
        batch(folder, "--output", output)
    lines = (out / MARKER).read_text().splitlines(keepends=True)
    (out / MARKER).write_text("".join(lines[:-lost]))
    Image.new("RGB", (9, 9), "red").save(out / "a.png")
    assert batch(folder, "--resume") == 1
    assert "--force" in capsys.readouterr().err
    assert stored(out / "a.png").shape == (9, 9, 3)
    assert batch(folder, "--resume", "--force") == 0


def test_what_was_not_retouched_after_a_kill_is_made_again(
    batch: Batch, engine: FakeEngine, folder: Path, out: Path
) -> None:
    pair(folder / "a.png")
    batch(folder)
    lines = (out / MARKER).read_text().splitlines(keepends=True)
    (out / MARKER).write_text("".join(lines[:-1]))
    assert batch(folder, "--resume") == 0
    assert len(engine.runs) == 2


def test_what_is_retouched_while_the_batch_runs_is_kept(
    batch: Batch, engine: FakeEngine, folder: Path, out: Path
) -> None:
    pair(folder / "a.png")
    batch(folder)
    alpha = engine.alpha

    def slow(inputs: object) -> object:
        Image.new("RGB", (9, 9), "red").save(out / "a.png")
        return alpha(inputs)  # type: ignore[arg-type]

    engine.alpha = slow  # type: ignore[assignment]
    assert batch(folder) == 1
    assert stored(out / "a.png").shape == (9, 9, 3)


def test_force_leaves_files_alone_that_no_batch_made(batch: Batch, folder: Path, out: Path) -> None:
    pair(folder / "a.png")
    out.mkdir()
    (out / "a.png").write_bytes(b"mine")
    assert batch(folder, "--force") == 1
    assert (out / "a.png").read_bytes() == b"mine"


def test_resume_redoes_what_another_version_made(
    batch: Batch, engine: FakeEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair(folder / "a.png")
    batch(folder)
    monkeypatch.setattr(fingerprint, "__version__", "another")
    batch(folder, "--resume")
    assert len(engine.runs) == 2


@pytest.mark.parametrize("change", ["weights", "network", "plug-in"])
def test_resume_redoes_what_another_network_made(
    batch: Batch,
    engine: FakeEngine,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    """Its weights are exchanged, a better one is installed, or its plug-in is updated."""
    file = folder.parent / "weights.onnx"
    file.write_bytes(b"one")
    old = replace(NETWORKS[0], weights=str(file))

    def install(version: str, *networks: object) -> None:
        registry = plugins.Registry()
        registry.add(
            "batch",
            f"tests {version}",
            networks=networks,  # type: ignore[arg-type]
            hosts=matteplug_batch.matteplug_hosts(),
            commands=matteplug_batch.matteplug_commands(),
        )
        monkeypatch.setattr(plugins, "registry", lambda: registry)

    install("1", old)
    pair(folder / "a.png")
    batch(folder)
    batch(folder, "--resume")
    assert len(engine.runs) == 1
    if change == "weights":
        file.write_bytes(b"two")
        weights.sha256_of.cache_clear()
    elif change == "network":
        install("1", replace(old, id="better", metrics={"sad": 1}), old)
    else:
        install("2", old)
    batch(folder, "--resume")
    assert len(engine.runs) == 2


def test_one_batch_at_a_time_writes_to_a_folder(
    batch: Batch, folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    out.mkdir()
    with lock.held(out):
        assert batch(folder) == 2
        assert "Another batch is writing" in capsys.readouterr().err
    assert not list(out.iterdir()), "a batch that did nothing leaves nothing"
    assert batch(folder) == 0


def test_a_second_folder_for_the_same_results_is_stopped(
    batch: Batch, folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    other = folder.parent / "others"
    pair(other / "a.png", 20, 20)
    batch(folder)
    before = checksums(out)
    for flags in [(), ("--resume",)]:
        assert batch(other, "--out", out, *flags) == 2
        assert str(folder) in capsys.readouterr().err
    assert checksums(out) == before
    assert batch(other, "--out", out, "--force") == 0
    assert batch(other, "--out", out) == 0
    assert batch(folder) == 2


def test_pictures_and_results_can_be_moved_together(
    batch: Batch, engine: FakeEngine, folder: Path, out: Path
) -> None:
    pair(folder / "a.png")
    batch(folder)
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    for moved in (folder, out):
        moved.rename(elsewhere / moved.name)
    assert batch(elsewhere / folder.name, "--resume") == 0
    assert len(engine.runs) == 1


def test_half_written_files_of_a_dead_batch_are_removed_and_no_others(
    batch: Batch, folder: Path, out: Path
) -> None:
    pair(folder / "sub" / "a.png")
    batch(folder)
    for name in (".0123abcd.part", "mine.part", ".0123abcd.part.txt"):
        (out / "sub" / name).write_bytes(b"")
    batch(folder, "--resume")
    assert sorted(path.name for path in (out / "sub").iterdir()) == [
        ".0123abcd.part.txt",
        "a.png",
        "mine.part",
    ]


def test_the_temporary_name_is_the_one_that_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matteplug_batch import leftovers

    seen: list[str] = []
    monkeypatch.setattr("os.replace", lambda source, target: seen.append(Path(source).name))
    files.write(tmp_path / "a.png", stored(pair(tmp_path / "b.png")))
    (name,) = seen
    (tmp_path / name).write_bytes(b"")
    leftovers.remove([tmp_path])
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    "entry",
    [
        {"result": "a.png"},
        {"result": "a.png", "written": [1, "0"]},
        {"result": "a.png", "made_from": 1, "written": [1, "0"], "state": "done"},
        {"result": "a.png", "made_from": {}, "written": 5, "state": "done", "confidence": None},
        {"result": "../../a.png"},
        {"folder": 7},
    ],
)
def test_a_journal_in_another_form_is_a_claim_at_most(
    batch: Batch, folder: Path, out: Path, entry: dict[str, object]
) -> None:
    pair(folder / "a.png")
    out.mkdir()
    (out / MARKER).write_text(json.dumps(entry) + "\n", encoding="utf-8")
    assert batch(folder, "--resume", "--force") == 0
    assert stored(out / "a.png").shape == (30, 40, 4)
