"""A Krita with a home of its own, with the plug-in and a worker, headless or in a window."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from hosts.cases import Cases
from hosts.metadata import describe
from matteplug.hosting.installations import find
from matteplug_krita.install import PACKAGINGS, files

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
_DRIVER = "krita_window"


class Krita:
    """What the tests start; `home` is the user's, `shared` is for files to and from a script."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Install the plug-in there, by `matteplug hosts install krita`."""
        if shutil.which("kritarunner") is None:
            pytest.skip("Krita is not installed")
        self.home = home
        self.shared = home / "shared"
        self.shared.mkdir(parents=True, exist_ok=True)
        (home / "run").mkdir(mode=0o700, exist_ok=True)
        self._environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(home / "run"),
            "MATTEPLUG_TEST": str(self.shared),
            "QT_LOGGING_RULES": "*.debug=false",
        }
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("MATTEPLUG_STATE", str(home / "state"))
        self.files = files(find(PACKAGINGS)[0])
        self.use_worker(fake=True)
        self.cases = Cases(self.shared, self._start_headless)

    def use_worker(self, *, fake: bool) -> None:
        """Install the plug-in with the real worker, or with that of a fake engine."""
        python = self.home / ("fake-python" if fake else "real-python")
        describe(self.home / "metadata")
        path = ":".join(map(str, (self.home / "metadata", ROOT, ROOT / "hosts")))
        program = f"{ROOT / 'tests/wire/fake_worker.py'}" if fake else '"$@"'
        python.write_text(
            f"#!/bin/sh\nexport PYTHONPATH={path} MATTEPLUG_CACHE={self.home / 'cache'}\n"
            f"export MATTEPLUG_NETWORKS={HERE / 'networks'}\n"
            f"exec {sys.executable} {program}\n"
        )
        python.chmod(python.stat().st_mode | stat.S_IXUSR)
        self.files.install(python=str(python))

    def _start_headless(self) -> subprocess.Popen[bytes]:
        """Run krita_batch.py in kritarunner, which has documents and no window."""
        scripts = self.home / "scripts"
        scripts.mkdir(exist_ok=True)
        for name in ("krita_batch.py", "serving.py"):
            shutil.copy(HERE / name, scripts)
        path = f"{scripts}:{self.files.folder.parent}"
        environment = {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": path}
        with (self.shared / "said").open("w") as said:
            return self._start(["kritarunner", "-s", "krita_batch"], environment, said)

    def start_window(self, display: str) -> subprocess.Popen[bytes]:
        """Run the program with the plug-in that drives it (krita_window)."""
        folder = self.files.folder.parent
        shutil.copytree(HERE / _DRIVER, folder / _DRIVER, dirs_exist_ok=True)
        (folder / f"{_DRIVER}.desktop").write_text(
            "[Desktop Entry]\nType=Service\nServiceTypes=Krita/PythonPlugin\n"
            f"X-KDE-Library={_DRIVER}\nX-Python-2-Compatible=false\n"
            "X-Krita-Manual=Manual.html\nName=Driver\nComment=Drives the tests\n"
        )
        settings = self.home / ".config" / "kritarc"
        driver = f"enable_{_DRIVER}=true\n"
        if driver not in settings.read_text():
            settings.write_text(settings.read_text().replace("[python]\n", "[python]\n" + driver))
        command = ["krita", "--nosplash"]
        return self._start(command, {"DISPLAY": display}, subprocess.PIPE)

    def play(self, display: str, plan: dict[str, Any], limit_s: float = 250.0) -> dict[str, Any]:
        """Go through a scenario of krita_window, and return its report when Krita has ended."""
        report = self.shared / "report.json"
        report.unlink(missing_ok=True)
        (self.shared / "scenario.json").write_text(json.dumps(plan))
        process = self.start_window(display)
        try:
            said, _ = process.communicate(timeout=limit_s)
        finally:
            process.kill()
        assert report.exists(), said.decode(errors="replace")
        told: dict[str, Any] = json.loads(report.read_text())
        assert "error" not in told, told["error"]
        return told

    def _start(
        self, command: list[str], more: dict[str, str], out: IO[str] | int
    ) -> subprocess.Popen[bytes]:
        environment: dict[str, Any] = {**self._environment, **more}
        return subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)


def processes_of(home: Path) -> list[int]:
    """Return the workers that Krita of this home has started and that still run."""
    mark = f"HOME={home}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            if mark in (folder / "environ").read_bytes().split(b"\0") and b"worker" in command:
                found.append(int(folder.name))
        except OSError:
            continue
    return found
