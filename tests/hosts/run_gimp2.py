"""The GIMP 2.10 of this machine, with folders of its own, the plug-in, and a worker of ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hosts.cases import Cases
from hosts.metadata import describe
from matteplug.hosting.environment import of_programs
from matteplug.hosting.installations import Installation
from matteplug_gimp.install_gimp2 import files

HERE = Path(__file__).resolve().parent
WORKER = HERE.parent / "wire" / "fake_worker.py"
ROOT = HERE.parents[1]
_REAL = f'#!/bin/sh\nexport PYTHONPATH="{{path}}"\nexec "{sys.executable}" "$@"\n'
_FAKE = f'#!/bin/sh\necho $$ > "$0.pid"\nexec "{sys.executable}" "{WORKER}"\n'


class Gimp2:
    """A GIMP that runs cases; see gimp2_batch.py."""

    def __init__(self, folder: Path) -> None:
        """Install the plug-in in `folder`, for a worker with a fake engine."""
        self.program = shutil.which("gimp-2.10")
        if self.program is None:
            pytest.skip("GIMP 2.10 is not installed")
        self.folder = folder
        plug_ins = folder / "gimp" / "plug-ins"
        driver = plug_ins / "matteplug-test" / "matteplug-test.py"
        driver.parent.mkdir(parents=True)
        shutil.copy(HERE / "gimp2_batch.py", driver)
        for name in ("serving.py", "editing.py", "patterns.py"):
            shutil.copy(HERE / name, driver.parent)
        driver.chmod(0o755)
        (folder / "gimp" / "gimprc").write_text("(check-updates no)\n")
        describe(folder / "metadata")
        path = ":".join(map(str, (folder / "metadata", ROOT, ROOT / "hosts")))
        for name, script in {"python": _FAKE, "real-python": _REAL.format(path=path)}.items():
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
        self.python, self.real_python = str(folder / "python"), str(folder / "real-python")
        self.files = files(Installation(folder=plug_ins))
        self.files.install(self.python)
        self.cases = Cases(folder, self.start)

    def start(
        self, batch: str = "(plug-in-matteplug-test RUN-NONINTERACTIVE)", display: str = ""
    ) -> subprocess.Popen[bytes]:
        """Start GIMP: without a window it does `batch` and ends, on a display it stays."""
        options = ["--no-splash"] if display else ["-i", "-d", "-f"]
        last = [] if display else ["-b", "(gimp-quit 0)"]
        environment = {
            **of_programs(),
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "GIMP2_DIRECTORY": str(self.folder / "gimp"),
            "MATTEPLUG_TEST": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "DISPLAY": display,
        }
        with (self.folder / "said").open("w") as said:
            return subprocess.Popen(
                [str(self.program), *options, "-b", batch, *last],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def worker_id(self, limit_s: float = 60.0) -> int:
        """Wait for the worker to start, and return its process id."""
        noted = self.folder / "python.pid"
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if noted.exists() and (text := noted.read_text()).strip():
                return int(text)
            time.sleep(0.1)
        pytest.fail("no worker")
