"""The plug-in for GIMP without GIMP: what is installed, and what the half in GIMP may import."""

from __future__ import annotations

import ast
import json
import os
import sys
from pathlib import Path

import pytest

from matteplug import bridge
from matteplug_gimp import install as installer

IN_GIMP = Path(installer.__file__).parent / "gimp3"


def test_it_is_installed_whole_and_replaces_an_older_one(tmp_path: Path) -> None:
    folder = installer.install(tmp_path / "plug-ins", python="/somewhere/python")
    assert folder == tmp_path / "plug-ins" / "matteplug-smart-matte"
    (folder / "old.py").touch()
    assert installer.install(tmp_path / "plug-ins", python="/elsewhere/python") == folder
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert sorted(path.name for path in folder.iterdir()) == [
        "bridge.py",
        "gimp_layers.py",
        "matteplug-smart-matte.py",
        "settings.json",
    ]
    assert (folder / "bridge.py").read_bytes() == Path(bridge.__file__).read_bytes()
    assert json.loads((folder / "settings.json").read_text()) == {"python": "/elsewhere/python"}
    assert os.access(folder / "matteplug-smart-matte.py", os.X_OK)


def test_an_install_that_fails_leaves_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = installer.install(tmp_path)
    before = sorted(path.read_bytes() for path in folder.iterdir())
    monkeypatch.setattr(bridge, "__file__", str(tmp_path / "nowhere.py"))
    with pytest.raises(OSError, match="nowhere"):
        installer.install(tmp_path)
    assert sorted(path.read_bytes() for path in folder.iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


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
    assert installer.user_folder() == Path(expected)


def test_the_half_in_gimp_imports_only_what_is_there() -> None:
    allowed = {"gi", "bridge", "gimp_layers", *sys.stdlib_module_names}
    for file in [*IN_GIMP.glob("*.py"), Path(bridge.__file__)]:
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "."]
            for name in names:
                assert name.split(".")[0] in allowed | {"Queue"}, f"{file.name} imports {name}"
