"""``matteplug hosts`` and the files it installs, with the plug-in for GIMP 3."""

from __future__ import annotations

import ast
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from matteplug import bridge, plugins
from matteplug.cli import main
from matteplug.errors import RequestError
from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation
from matteplug_gimp import install_gimp3 as gimp
from matteplug_gimp import matteplug_hosts

IN_GIMP = Path(gimp.__file__).parent / "plug_in" / "gimp3"


@pytest.fixture(autouse=True)
def _gimp_is_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {host.id: host for host in matteplug_hosts()}
    monkeypatch.setattr(plugins.registry(), "hosts", known | plugins.registry().hosts)


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of logs and backups, not the user's own."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("MATTEPLUG_STATE", str(folder))
    return folder


def test_files_are_installed_whole_and_a_backup_is_kept(tmp_path: Path, state: Path) -> None:
    files = gimp.files(Installation(folder=tmp_path / "plug-ins"))
    folder = files.folder
    assert files.state("/a") == "not installed"
    assert not files.enabled
    assert files.install(python="/a") is None
    assert files.state("/a") == "current"
    assert files.enabled
    assert files.install(python="/a") is None, "the same again needs no backup"
    assert files.state("/b") == "outdated"
    (folder / "own.py").touch()
    backup = files.install(python="/b")
    assert backup is not None
    assert backup.parent == state / "replaced"
    assert backup.name.startswith("gimp3-")
    assert (backup / folder.name / "own.py").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["matteplug-smart-matte"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "bridge.py",
        "dialog.py",
        "entries.py",
        "gimp_layers.py",
        "live.py",
        "matteplug-smart-matte.py",
        "preview.py",
        "settings.json",
        "smart_matte.py",
        "views.py",
    ]
    assert (folder / "bridge.py").read_bytes() == Path(bridge.__file__).read_bytes()
    assert json.loads((folder / "settings.json").read_text()) == {
        "host": "gimp3",
        "python": "/b",
        "log": str(state / "log" / "gimp3.log"),
    }
    assert os.access(folder / "matteplug-smart-matte.py", os.X_OK)
    (folder / "bridge.py").write_text("of another version")
    assert files.state("/b") == "outdated"


def test_links_lead_to_the_sources(tmp_path: Path) -> None:
    files = gimp.files(Installation(folder=tmp_path))
    files.install(link=True)
    assert files.state() == "linked"
    program = files.folder / "matteplug-smart-matte.py"
    assert program.samefile(IN_GIMP / program.name)
    assert os.access(program, os.X_OK)
    assert (files.folder / "bridge.py").samefile(bridge.__file__)
    files.install()
    assert files.state() == "current"
    assert not program.is_symlink()


class _Switch:
    on = False

    def is_on(self) -> bool:
        return self.on

    def turn(self, on: bool) -> None:
        self.on = on


def test_files_beside_the_folder_and_a_switch(tmp_path: Path) -> None:
    source = tmp_path / "easel.desktop"
    source.write_text("new")
    target = tmp_path / "program" / "plug-ins" / "easel.desktop"
    switch = _Switch()
    files = HostFiles(
        host="easel",
        folder=target.with_suffix(""),
        sources=(),
        beside={target: source},
        switch=switch,
    )
    files.install()
    assert files.state() == "current"
    assert files.enabled
    switch.on = False
    assert not files.enabled
    target.write_text("old")
    assert files.state() == "outdated"
    backup = files.install()
    assert backup is not None
    assert (backup / target.name).read_text() == "old"
    assert sorted(path.name for path in target.parent.iterdir()) == ["easel", "easel.desktop"]
    assert files.uninstall()
    assert not switch.on
    assert not any(target.parent.iterdir())
    assert not files.uninstall()


def test_an_install_that_fails_leaves_the_older_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = gimp.files(Installation(folder=tmp_path))
    files.install()
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if target == files.folder and self.name.startswith(".matteplug-") and self.suffix == "":
            raise PermissionError(13, "Permission denied")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(RequestError, match="Permission denied"):
        files.install(python="/other")
    assert files.state() == "current"
    assert [path.name for path in tmp_path.iterdir()] == [files.folder.name]


@pytest.mark.parametrize("there", [False, True])
def test_settings_that_cannot_be_written_leave_all_as_it_was(tmp_path: Path, there: bool) -> None:
    class Locked(_Switch):
        def turn(self, on: bool) -> None:
            raise PermissionError(13, "Permission denied", str(tmp_path / "config" / "easelrc"))

    source, target = tmp_path / "easel.desktop", tmp_path / "plug-ins" / "easel.desktop"
    source.write_text("old")
    files = HostFiles(
        host="easel", folder=target.with_suffix(""), sources=(), beside={target: source}
    )
    if there:
        files.install()
    source.write_text("new")
    with pytest.raises(RequestError, match="config: Permission denied"):
        replace(files, switch=Locked()).install(python="/other")
    names = sorted(path.name for path in target.parent.iterdir())
    assert names == (["easel", "easel.desktop"] if there else [])
    if there:
        source.write_text("old")
        assert files.state() == "current"


def test_the_command_lists_installs_and_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIMP3_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "300")
    assert _row(capsys)["plugin"] == "not installed"
    assert main(["hosts", "install", "gimp3"]) == 0
    assert "matteplug-smart-matte" in capsys.readouterr().out
    settings = tmp_path / "plug-ins" / "matteplug-smart-matte" / "settings.json"
    assert json.loads(settings.read_text())["python"] == sys.executable
    row = _row(capsys)
    assert (row["plugin"], row["enabled"]) == ("current", True)
    settings.write_text("{}")
    assert main(["hosts", "install", "gimp3", "--dev"]) == 0
    assert "The previous files are in" in capsys.readouterr().out
    assert main(["hosts"]) == 0
    assert "linked" in capsys.readouterr().out
    assert main(["hosts", "uninstall", "gimp3"]) == 0
    assert not settings.parent.exists()
    assert main(["hosts", "uninstall", "gimp3"]) == 0
    assert "Not in" in capsys.readouterr().out
    assert main(["hosts", "install", "paintbrush"]) == 2
    assert "gimp3" in capsys.readouterr().err


def _row(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["hosts", "--json"]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return next(row for row in rows if row["host"] == "gimp3")


def test_a_folder_can_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hosts", "install", "gimp3", "--folder", str(tmp_path)]) == 0
    assert (tmp_path / "matteplug-smart-matte" / "bridge.py").exists()
    assert main(["hosts", "uninstall", "gimp3", "--folder", str(tmp_path)]) == 0
    assert str(tmp_path) in capsys.readouterr().out
    assert not any(tmp_path.iterdir())


def test_a_program_that_is_not_there_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GIMP3_DIRECTORY", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert _row(capsys)["kind"] == "not found"
    assert main(["hosts", "install", "gimp3"]) == 2
    assert "--folder" in capsys.readouterr().err


def test_without_an_id_what_is_installed_is_refreshed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("GIMP2_DIRECTORY", "GIMP3_DIRECTORY", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["hosts", "install"]) == 2
    assert "matteplug hosts install ID" in capsys.readouterr().err
    assert main(["hosts", "install", "gimp3"]) == 0
    folder = tmp_path / "GIMP3_DIRECTORY" / "plug-ins" / "matteplug-smart-matte"
    (folder / "settings.json").write_text("damaged")
    with pytest.raises(bridge.BridgeError) as caught:
        bridge.installed(str(folder))
    assert main(caught.value.hint.removeprefix("Run: matteplug ").split()) == 0
    assert bridge.installed(str(folder))["host"] == "gimp3"
    assert list(tmp_path.rglob("matteplug-smart-matte")) == [folder], "nothing else is installed"
    assert main(["hosts", "install", "gimp3", "--dev"]) == 0
    assert main(["hosts", "install"]) == 0
    capsys.readouterr()
    assert _row(capsys)["plugin"] == "linked"
    assert main(["hosts", "install", "--folder", str(tmp_path)]) == 2
    assert f"install ID --folder {tmp_path}" in capsys.readouterr().err


def test_the_guide_names_every_setting_and_choice() -> None:
    program = ast.parse((IN_GIMP / "matteplug-smart-matte.py").read_text())
    guide = (Path(__file__).resolve().parents[1] / "docs" / "guides" / "gimp.md").read_text()
    settings = [
        call.args[0].value
        for call in ast.walk(program)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr.endswith("_argument")
        and isinstance(call.args[0], ast.Constant)
    ]
    assert len(settings) == 7
    shared = ast.parse((IN_GIMP.parent / "smart_matte.py").read_text())
    choices = [
        entry[0]
        for node in shared.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("GUIDES", "OUTPUTS")
        for entry in ast.literal_eval(node.value)
    ]
    assert len(choices) == 7
    for name in [*settings, *choices]:
        assert str(name) in guide
