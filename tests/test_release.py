"""The packages for GIMP and Krita: what is installed, without what is of one machine."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


def test_every_package_of_the_development_environment_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line}
    assert len(pinned) == len(lines), "each line is a pin, and of another package"
    assert needed_by("matteplug", frozenset({"dev"})) - {"matteplug"} <= pinned


def needed_by(name: str, extras: frozenset[str]) -> set[str]:
    """Return the names of what an installed package needs on this machine, its own among them."""
    todo, seen = [(name, extras)], set()
    while todo:
        one = todo.pop()
        if one in seen:
            continue
        seen.add(one)
        for text in metadata.requires(one[0]) or ():
            needed = Requirement(text)
            chosen = one[1] or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in chosen):
                todo.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    return {name for name, _ in seen}
