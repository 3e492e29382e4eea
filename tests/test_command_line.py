"""The command line as a person meets it: help, versions, slips of the finger, listings."""

from __future__ import annotations

import io
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from matteplug import cli, listing, terminal
from matteplug.cli import main
from matteplug.networks import classical
from matteplug.plugins import registry


def helped(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main([*words, "--help"])
    assert caught.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", sorted(registry().commands))
def test_every_help_ends_with_an_example_that_its_parser_takes(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in [(command,), *((command, action) for action in _actions(command))]:
        text = helped(capsys, *words)
        _, _, examples = text.partition("\nexample")
        assert f"\n  matteplug {' '.join(words)}" in examples, words


def _actions(command: str) -> list[str]:
    parser = cli._Parser(prog=command)
    registry().commands[command].configure(parser)
    return [one.prog.split()[-1] for one in cli._actions_of(parser)]


def test_the_version_names_onnx_runtime_and_its_providers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("matteplug ")
    assert second.startswith("ONNX Runtime: onnxruntime")
    assert "cpu" in second.partition("providers: ")[2]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["bach", "photos"], "'batch'"),
        (["hosts", "intall"], "'install'"),
        (["batch", "photos", "--badn", "3"], "--band"),
        (["networks", "ad"], "'add'"),
        (["train", "citn"], "'citm'"),
        (["cut", "a.jpg", "--output", "cutot"], "'cutout'"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(
    words: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert f"Did you mean {meant}?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["cut", "a.jpg", "--network", "citn"], "'citm'"),
        (["cut", "a.jpg", "--provider", "cpuu"], "'cpu'"),
        (["hosts", "check", "gimp33"], "'gimp3'"),
        (["networks", "get", "u2nep"], "'u2netp'"),
        (["export", "citm", "--config", "compct", "--checkpoint", "a", "--out", "b"], "'compact'"),
    ],
)
def test_so_is_a_slip_in_a_name(
    words: list[str], meant: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = [str(tmp_path / word) if word == "a.jpg" else word for word in words]
    (tmp_path / "a.jpg").write_bytes(b"")
    assert main(words) == 2
    assert f"Did you mean {meant}? Known: " in capsys.readouterr().err


def test_an_option_of_another_command_is_not_suggested(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["hosts", "install", "--dry-run"])
    said = capsys.readouterr().err
    assert said.startswith("usage: matteplug hosts install ")
    assert "Did you mean" not in said


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


ROWS = [("a", "/folder/" + "x" * 300), ("bb", "two\nlines\t")]


def test_in_a_pipe_a_listing_has_one_line_per_item(capsys: pytest.CaptureFixture[str]) -> None:
    listing.show(("name", "folder"), ROWS)
    assert capsys.readouterr().out.splitlines() == ["\t".join(ROWS[0]), "bb\ttwo lines"]


def test_on_a_terminal_a_listing_is_aligned_and_nothing_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = _Terminal()
    monkeypatch.setattr(sys, "stdout", output)
    listing.show(("name", "folder"), ROWS)
    lines = output.getvalue().splitlines()
    assert lines == ["NAME  FOLDER", f"a     {ROWS[0][1]}", "bb    two lines"]


def test_networks_say_ready_or_what_they_need(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def without_pymatting(name: str) -> Any:
        return None if name == "pymatting" else find_spec(name)

    monkeypatch.setattr(classical, "find_spec", without_pymatting)
    assert main(["networks"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    states = {row[0]: row[2] for row in rows}
    assert {len(row) for row in rows} == {5}
    assert states["citm"] == "ready"
    assert states["modnet"] == "needs weights"
    assert states["knn"].startswith("needs: ")
    assert states["knn"].endswith('pip install "matteplug[classical]"')


def test_a_question_is_answered_by_people_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(question: str) -> str:
        asked.append(question)
        return "Y "

    monkeypatch.setattr("builtins.input", answer)
    assert not terminal.confirmed("Really?")
    monkeypatch.setattr(sys, "stdin", _Terminal())
    assert terminal.confirmed("Really?")
    assert asked == ["Really? [y/N] "]


def test_the_end_of_input_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    monkeypatch.setattr(sys, "stdin", _Terminal())
    assert not terminal.confirmed("Really?")


def test_install_without_a_name_asks_and_all_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("GIMP2_DIRECTORY", "GIMP3_DIRECTORY", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name, value in (
        ("HOME", tmp_path),
        ("PATH", tmp_path),
        ("MATTEPLUG_STATE", tmp_path / "s"),
    ):
        monkeypatch.setenv(name, str(value))
    assert main(["hosts", "install", "--all"]) == 2
    assert "None of these was found on this machine: GIMP 3, " in capsys.readouterr().err
    (tmp_path / "GIMP3_DIRECTORY").mkdir()
    monkeypatch.setattr(sys, "stdin", _Terminal())
    monkeypatch.setattr("builtins.input", lambda question: "n")
    plugin = tmp_path / "GIMP3_DIRECTORY" / "plug-ins" / "matteplug-smart-matte"
    assert main(["hosts", "install"]) == 0
    assert "Not installed in GIMP 3" in capsys.readouterr().out
    assert not plugin.exists()
    monkeypatch.setattr("builtins.input", lambda question: "yes" if "GIMP 3" in question else "")
    assert main(["hosts", "install"]) == 0
    assert (plugin / "settings.json").exists()
    assert main(["hosts", "uninstall", "gimp3"]) == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(["hosts", "install"]) == 2
    assert "no terminal to ask on.\n  Run: matteplug hosts install --all" in capsys.readouterr().err
    assert main(["hosts", "install", "--all"]) == 0
    assert (plugin / "settings.json").exists()
