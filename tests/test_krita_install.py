"""The plug-in for Krita: its files, Krita's settings, and its adapter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.hosting.installations import Installation
from matteplug.images.srgb import linear_from_srgb, srgb_from_linear
from matteplug.testing import import_check
from matteplug_krita import install
from matteplug_krita.install import files
from matteplug_krita.kritarc import PluginSwitch

KRITARC = b"""[General]
enable_smart=true

[advancedColorSelector]
name=\xc3\xa4\xff

[python]
enable_other=false
[theme]
Theme=Krita dark
"""


@pytest.fixture(autouse=True)
def _own_state_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    pytest.MonkeyPatch().setenv("MATTEPLUG_STATE", str(tmp_path_factory.mktemp("state")))


def test_the_files_go_beside_each_other_and_are_switched_on(tmp_path: Path) -> None:
    installation = Installation(folder=tmp_path / "pykrita", settings=tmp_path / "kritarc")
    found = files(installation)
    assert found.state("/a") == "not installed"
    found.install("/a")
    assert found.state("/a") == "current"
    assert found.enabled
    assert sorted(path.name for path in installation.folder.iterdir()) == [
        "matteplug_smart_matte",
        "matteplug_smart_matte.desktop",
    ]
    desktop = (installation.folder / "matteplug_smart_matte.desktop").read_text()
    assert "ServiceTypes=Krita/PythonPlugin" in desktop
    assert "X-KDE-Library=matteplug_smart_matte" in desktop
    assert (tmp_path / "kritarc").read_bytes() == b"[python]\nenable_matteplug_smart_matte=true\n"
    (installation.folder / "matteplug_smart_matte.desktop").unlink()
    assert found.state("/a") == "outdated"
    assert found.uninstall()
    assert list(installation.folder.iterdir()) == []
    assert not found.enabled
    assert (tmp_path / "kritarc").read_bytes() == b"[python]\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"[python]\nenable_smart=true\n"),
        (b"[python]", b"[python]\nenable_smart=true\n"),
        (b"[a]\nb=1", b"[a]\nb=1\n\n[python]\nenable_smart=true\n"),
        (b"[a]\r\nb=1\r\n", b"[a]\r\nb=1\r\n\r\n[python]\r\nenable_smart=true\r\n"),
        (
            KRITARC,
            KRITARC.replace(b"[python]\n", b"[python]\nenable_smart=true\n"),
        ),
        (
            b"[python]\nenable_smart=false\nenable_smarter=false\n",
            b"[python]\nenable_smart=true\nenable_smarter=false\n",
        ),
    ],
)
def test_the_rest_of_krita_s_settings_is_kept(tmp_path: Path, before: bytes, after: bytes) -> None:
    settings = tmp_path / "kritarc"
    settings.write_bytes(before)
    settings.chmod(0o600)
    switch = PluginSwitch(settings, "smart")
    assert not switch.is_on()
    switch.turn(True)
    assert settings.read_bytes() == after
    assert switch.is_on()
    switch.turn(True)
    assert settings.read_bytes() == after
    assert settings.stat().st_mode & 0o777 == 0o600
    switch.turn(False)
    assert not switch.is_on()
    assert settings.read_bytes() == after.replace(b"enable_smart=true\r\n", b"").replace(
        b"[python]\nenable_smart=true\n", b"[python]\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["kritarc"]


def test_settings_that_are_a_link_stay_one(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "kritarc").write_bytes(KRITARC)
    (tmp_path / "kritarc").symlink_to(Path("dotfiles") / "kritarc")
    PluginSwitch(tmp_path / "kritarc", "smart").turn(True)
    assert (tmp_path / "kritarc").is_symlink()
    assert b"enable_smart=true" in (tmp_path / "dotfiles" / "kritarc").read_bytes()


def test_the_half_in_krita_imports_only_what_is_there(tmp_path: Path) -> None:
    found = files(Installation(folder=tmp_path))
    found.install()
    command = [sys.executable, "-I", "-S", import_check.__file__, str(found.folder)]
    done = subprocess.run(
        [*command, "krita", "PyQt5", "PyQt6"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_srgb_curve_is_that_of_the_standard_and_turns_back() -> None:
    values: NDArray[np.float32] = np.array([-0.5, 0, 0.001, 0.0031308, 0.5, 1, 12], np.float32)
    encoded = srgb_from_linear(values)
    assert encoded[4] == pytest.approx(0.735357, abs=1e-6)
    assert encoded[2] == pytest.approx(0.01292, abs=1e-7)
    assert linear_from_srgb(encoded) == pytest.approx(values, rel=1e-6)
    levels: NDArray[np.float32] = np.arange(65536, dtype=np.float32) / np.float32(65535)
    back = np.rint(linear_from_srgb(srgb_from_linear(levels)) * 65535)
    assert (back == np.arange(65536)).all(), "16 bits are kept"


def test_the_guide_names_every_choice() -> None:
    folder = Path(install.__file__).parent / "plug_in" / "matteplug_smart_matte"
    scope: dict[str, Any] = {}
    exec((folder / "choices.py").read_text(), scope)
    guide = (Path(__file__).resolve().parents[1] / "docs" / "guides" / "krita.md").read_text()
    choices = [nick for nick, _, _ in (*scope["GUIDES"], *scope["OUTPUTS"])]
    assert len(choices) == 8
    for name in (*vars(scope["Choices"]()), *choices):
        assert name in guide
