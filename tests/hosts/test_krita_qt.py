"""Smart Matte for Krita over PyQt5 and PyQt6, in a fake Krita without a screen."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hosts.metadata import ROOT, describe
from matteplug.hosting.environment import of_programs
from matteplug.hosting.installations import Installation
from matteplug_krita.install import files

pytestmark = [pytest.mark.host, pytest.mark.timeout(200), pytest.mark.xdist_group("krita")]

FAKE = Path(__file__).resolve().parent / "fake_krita"


@pytest.mark.parametrize("qt", ["PyQt5", "PyQt6"])
def test_the_docker_works_over_either_qt(tmp_path: Path, qt: str) -> None:
    python = python_with(qt)
    worker = tmp_path / "worker"
    describe(tmp_path / "metadata")
    path = ":".join(map(str, (tmp_path / "metadata", ROOT, ROOT / "hosts")))
    script = ROOT / "tests" / "wire" / "fake_worker.py"
    worker.write_text(f"#!/bin/sh\nPYTHONPATH={path} exec {sys.executable} {script}\n")
    worker.chmod(0o755)
    files(Installation(folder=tmp_path)).install(str(worker))
    done = subprocess.run(
        [python, FAKE / "drive.py"],
        env={
            **of_programs(),
            "PYTHONPATH": f"{tmp_path}:{FAKE}",
            "QT_QPA_PLATFORM": "offscreen",
            "MATTEPLUG_TEST_QT": qt,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.stdout.startswith("done"), done.stdout + done.stderr


def python_with(package: str) -> str:
    """Return a Python that has a package: the one running, or the system's."""
    for python in (sys.executable, shutil.which("python3", path="/usr/bin") or ""):
        command = [python, "-c", f"import {package}.QtWidgets"]
        if python and subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return python
    pytest.skip(f"no Python here has {package}")
