"""``matteplug hosts`` and the files it installs, with the plug-in for GIMP 3."""

from __future__ import annotations

import ast
import json
import os
import sys
from pathlib import Path

import pytest

from matteplug import bridge, plugins
from matteplug.cli import main
from matteplug.errors import RequestError
from matteplug_gimp import install as gimp
from matteplug_gimp import matteplug_hosts

IN_GIMP = Path(gimp.__file__).parent / "gimp3"


@pytest.fixture(autouse=True)
def _gimp_is_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {host.id: host for host in matteplug_hosts()}
    monkeypatch.setattr(plugins.registry(), "hosts", known | plugins.registry().hosts)


def test_files_are_installed_whole_and_replace_older_ones(tmp_path: Path) -> None:
    files = gimp.files(tmp_path / "plug-ins")
    folder = files.folder
    assert files.state("/a") == "not installed"
    files.install(python="/a")
    assert files.state("/a") == "current"
    assert files.state("/b") == "outdated"
    (folder / "old.py").touch()
    files.install(python="/b")
    assert [path.name for path in folder.parent.iterdir()] == ["matteplug-smart-matte"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "bridge.py",
        "gimp_layers.py",
        "matteplug-smart-matte.py",
        "settings.json",
    ]
    assert (folder / "bridge.py").read_bytes() == Path(bridge.__file__).read_bytes()
    assert json.loads((folder / "settings.json").read_text()) == {"python": "/b"}
    assert os.access(folder / "matteplug-smart-matte.py", os.X_OK)
    (folder / "bridge.py").write_text("of another version")
    assert files.state("/b") == "outdated"


def test_an_install_that_fails_leaves_the_older_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = gimp.files(tmp_path)
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


def test_the_command_lists_installs_and_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIMP3_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["hosts"]) == 0
    assert "not installed" in capsys.readouterr().out
    assert main(["hosts", "install", "gimp3"]) == 0
    assert "matteplug-smart-matte" in capsys.readouterr().out
    settings = tmp_path / "plug-ins" / "matteplug-smart-matte" / "settings.json"
    assert json.loads(settings.read_text()) == {"python": sys.executable}
    assert main(["hosts"]) == 0
    assert "current" in capsys.readouterr().out
    assert main(["hosts", "uninstall", "gimp3"]) == 0
    assert not settings.parent.exists()
    assert main(["hosts", "uninstall", "gimp3"]) == 0
    assert "nothing" in capsys.readouterr().out
    assert main(["hosts", "install", "paintbrush"]) == 2
    assert "gimp3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "home/.config/GIMP/3.0/plug-ins"),
        ("linux", {"XDG_CONFIG_HOME": "config"}, "config/GIMP/3.0/plug-ins"),
        ("win32", {"APPDATA": "roaming"}, "roaming/GIMP/3.0/plug-ins"),
        ("darwin", {}, "home/Library/Application Support/GIMP/3.0/plug-ins"),
        ("linux", {"GIMP3_DIRECTORY": "gimp"}, "gimp/plug-ins"),
    ],
)
def test_the_plug_ins_folder_of_every_system(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str
) -> None:
    for name in ("GIMP3_DIRECTORY", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("home"))
    assert gimp.user_folder() == Path(expected)


def test_the_half_in_gimp_imports_only_what_is_there() -> None:
    allowed = {"gi", "bridge", "gimp_layers", "Queue", *sys.stdlib_module_names}
    for file in [*IN_GIMP.glob("*.py"), Path(bridge.__file__)]:
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "."]
            for name in names:
                assert name.split(".")[0] in allowed, f"{file.name} imports {name}"


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
    assert len(settings) == 6
    choices = [
        entry[0]
        for node in program.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("GUIDES", "OUTPUTS")
        for entry in ast.literal_eval(node.value)
    ]
    assert len(choices) == 7
    for name in [*settings, *choices]:
        assert str(name) in guide
