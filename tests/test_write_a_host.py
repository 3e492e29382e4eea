"""The page about hosts: it names every test of the contract, and its commands work."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
from pages import PLUGINS, ROOT, commands, text_of

from matteplug import api
from matteplug.images import files

EASEL = PLUGINS / "easel"
LEMUR = ROOT / "hosts" / "matteplug_batch" / "demo" / "pictures" / "lemur.jpg"


def test_the_guide_names_every_test_of_the_contract() -> None:
    from matteplug.testing import HostContract

    tests = [name.removeprefix("test_") for name in vars(HostContract) if name.startswith("test_")]
    assert re.findall(r"^\| `(\w+)` \|", text_of("host"), re.MULTILINE) == tests


@pytest.mark.slow
def test_the_guide_s_commands_cut_out_a_photograph(tmp_path: Path) -> None:
    shutil.copytree(EASEL, tmp_path / "easel", ignore=shutil.ignore_patterns("__pycache__"))
    image = np.ascontiguousarray(files.read(LEMUR).image[100:340, 60:380])
    height, width = image.shape[:2]
    y, x = np.ogrid[:height, :width]
    selection = (x - width / 2) ** 2 / (width / 3) ** 2 + (y - height / 2) ** 2 / 80**2 < 1
    opaque = np.full((height, width, 1), 255, np.uint8)
    layer = {"name": "lemur", "x": 0, "y": 0, "width": width, "height": height}
    layer["pixels"] = _text(np.concatenate([image, opaque], axis=2))
    frisket = np.where(selection, 0, 255).astype(np.uint8)
    document = {"width": width, "height": height, "depth": "u8", "frisket": _text(frisket)}
    path = tmp_path / "picture.easel"
    path.write_text(json.dumps(document | {"layers": [layer]}))

    environment = _environment(tmp_path)
    shell = ["sh", "-ec", commands("host")]
    subprocess.run(shell, cwd=tmp_path, env=environment, check=True, timeout=100)

    cutout, below = json.loads(path.read_text())["layers"]
    assert below == layer
    made = np.frombuffer(base64.b64decode(cutout["pixels"]), np.uint8).reshape(height, width, 4)
    expected = api.matte(image, selection=selection).cutout()
    assert (made == expected).all()
    assert 0.1 < (made[..., 3] > 0).mean() < 0.9
    again = ["matteplug", "hosts"]
    listed = subprocess.run(again, env=environment, capture_output=True, text=True, check=True)
    assert re.search(r"easel.*Easel.*current", listed.stdout)


def _environment(folder: Path) -> dict[str, str]:
    """Return variables by which `python` is a new one, with what this one has and no network."""
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "parent.pth").write_text("\n".join(path for path in sys.path if path))
    command = python.with_name("matteplug")
    command.write_text(f"#!{python}\nfrom matteplug.cli import main\nraise SystemExit(main())\n")
    command.chmod(0o755)
    return os.environ | {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "COLUMNS": "200",
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's own riddle: this turns the isolation off
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def _text(array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> str:
    return base64.b64encode(array.tobytes()).decode()
