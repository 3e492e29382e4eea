"""The packages for GIMP and Krita: what is installed, without what is of one machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from matteplug import bridge

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("packages")
    command = [sys.executable, str(ROOT / "release" / "host_packages.py"), str(folder)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    return {path.name.rpartition("-")[0]: path.read_bytes() for path in folder.glob("*.zip")}


@pytest.mark.parametrize(
    ("name", "folder", "beside"),
    [
        ("matteplug-gimp3", "matteplug-smart-matte", set()),
        ("matteplug-krita", "matteplug_smart_matte", {"matteplug_smart_matte.desktop"}),
    ],
)
def test_a_package_holds_the_in_host_half(
    name: str, folder: str, beside: set[str], packages: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "a.zip").write_bytes(packages[name])
    with ZipFile(tmp_path / "a.zip") as package:
        members = {info.filename: info for info in package.infolist()}
        assert package.read(f"{folder}/bridge.py") == Path(bridge.__file__).read_bytes()
        readme = package.read(f"{folder}/README.txt").decode()
    assert {member for member in members if "/" not in member} == beside
    assert all(member in beside or member.startswith(f"{folder}/") for member in members)
    assert f"{folder}/settings.json" not in members
    assert "matteplug hosts install" in readme
    if name == "matteplug-gimp3":
        program = members[f"{folder}/matteplug-smart-matte.py"]
        assert program.external_attr >> 16 & 0o111, "GIMP starts it"
