"""A Debian with GIMP 3 in a chroot, with the plug-in, this source tree and what it needs."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import network_guard
import pytest

from hosts.cases import Cases
from hosts.metadata import describe
from hosts.run_gimp2 import Gimp2
from hosts.run_krita import Krita
from matteplug import plugins, weights
from matteplug.hosting.installations import Installation
from matteplug_gimp.install_gimp3 import files

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PACKAGES = (
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "pillow",
    "platformdirs",
    "pluggy",
    "rich",
)
FAKE, TIMED, REAL = (f"/opt/matteplug/{name}" for name in ("fake", "timed", "python"))
"""What the plug-in starts, in the chroot: a worker with a fake engine, one that notes how long it
took, or Python itself."""
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_SCRIPT = """\
#!/bin/sh
export PYTHONPATH=/opt/matteplug:/opt/matteplug/hosts:/opt/packages
export MATTEPLUG_NETWORKS=/opt/matteplug/tests/hosts/networks
exec python3 {}
"""
_PYTHON = ["--batch-interpreter=python-fu-eval"]
Start: TypeAlias = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(scope="session", autouse=True)
def activated() -> Iterator[None]:
    """Activate our environment, as most who run us have: no editor may take its Python."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIRTUAL_ENV", sys.prefix)
        patch.setenv("PATH", str(Path(sys.prefix) / "bin"), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def chroot() -> Iterator[Path]:
    """The root of that Debian; MATTEPLUG_GIMP3_CHROOT names another installation for it.

    One test run at a time has it; others wait.
    """
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("GIMP 3 is tested in a chroot, which needs root on Linux")
    default = Path.home() / ".cache" / "matteplug" / "gimp3-chroot"
    root = Path(os.environ.get("MATTEPLUG_GIMP3_CHROOT", default))
    build = network_guard.outside([HERE / "gimp3_chroot.sh", root])
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    with (root / ".matteplug-complete").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(root)
        yield root


def _install(root: Path) -> None:
    """Put this source tree, what it needs, and the plug-in into the chroot."""
    packages = root / "opt" / "packages"
    listed = packages / "installed.txt"
    if not listed.exists() or listed.read_text() != " ".join(PACKAGES):
        shutil.rmtree(packages, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(packages)]
        wheels = ["--python-version", "3.13", "--only-binary=:all:"]  # Debian's Python there
        subprocess.run(network_guard.outside([*pip, *wheels, *PACKAGES]), check=True)
        listed.write_text(" ".join(PACKAGES))
    source = root / "opt" / "matteplug"
    shutil.rmtree(source, ignore_errors=True)
    for folder in ("matteplug", "hosts", "exported", "tests/wire", "tests/hosts/networks"):
        ignored = shutil.ignore_patterns("__pycache__", "checkpoints")
        shutil.copytree(ROOT / folder, source / folder, ignore=ignored)
    describe(source)
    wire = "/opt/matteplug/tests/wire"
    runs = {FAKE: f"{wire}/fake_worker.py", TIMED: f"{wire}/timed_worker.py", REAL: '"$@"'}
    for script, what in runs.items():
        python = root / script[1:]
        python.write_text(_SCRIPT.format(what))
        python.chmod(0o755)
    shutil.rmtree(root / "srv" / "gimp", ignore_errors=True)
    files(Installation(folder=root / "srv" / "gimp" / "plug-ins")).install(python=FAKE)


@contextmanager
def worker_of(chroot: Path, python: str) -> Iterator[None]:
    """Have the plug-in start another worker than the one with a fake engine."""
    settings = chroot / "srv" / "gimp" / "plug-ins" / "matteplug-smart-matte" / "settings.json"
    fake = settings.read_text()
    settings.write_text(fake.replace(FAKE, python))
    try:
        yield
    finally:
        settings.write_text(fake)


@pytest.fixture(scope="session")
def start_gimp(chroot: Path) -> Start:
    """A function that starts GIMP in the chroot and has it run a file of this folder."""

    def start(
        script: str, program: str = "gimp-console-3.0", display: str = ""
    ) -> subprocess.Popen[bytes]:
        for name in (script, "serving.py", "editing.py", "patterns.py"):
            shutil.copy(HERE / name, chroot / "srv" / "test")
        environment = {
            "PATH": PATH,
            "HOME": "/srv/test",
            "LC_ALL": "C.UTF-8",
            "GIMP3_DIRECTORY": "/srv/gimp",
            "MATTEPLUG_TEST": "/srv/test",
            "OMP_NUM_THREADS": "1",
            "DISPLAY": display,
            "GDK_BACKEND": "x11",
            "GSETTINGS_BACKEND": "memory",
            "NO_AT_BRIDGE": "1",
        }
        options = ["--no-splash"] if display else ["-i", "-d", "-f", "--quit"]
        batch = f"exec(open('/srv/test/{script}').read())"
        with (chroot / "srv" / "test" / "said").open("w") as said:
            return subprocess.Popen(
                ["chroot", str(chroot), program, *options, *_PYTHON, "-b", batch],
                env=environment,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    return start


@pytest.fixture(scope="session")
def gimp3(folder: Path, start_gimp: Start) -> Iterator[Cases]:
    """GIMP 3 without a window."""
    cases = Cases(folder, lambda: start_gimp("gimp3_batch.py"))
    yield cases
    cases.close()


@pytest.fixture(scope="session")
def gimp2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gimp2]:
    """GIMP 2.10 without a window; in a new folder it asks every plug-in first."""
    gimp = Gimp2(tmp_path_factory.mktemp("gimp2"))
    yield gimp
    gimp.cases.close()


@pytest.fixture(scope="session")
def folder(chroot: Path) -> Path:
    """The folder that the tests share with GIMP: /srv/test in the chroot."""
    path = chroot / "srv" / "test"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


@pytest.fixture(scope="session")
def krita_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all, as Krita's first start in a new one takes long."""
    return tmp_path_factory.mktemp("krita")


@pytest.fixture(scope="module")
def krita(krita_home: Path) -> Iterator[Krita]:
    """Krita with the plug-in, and a worker with a fake engine."""
    with pytest.MonkeyPatch.context() as patch:
        krita = Krita(krita_home, patch)
        yield krita
        krita.cases.close()


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """An X server with a window manager."""
    for program in ("Xvfb", "openbox", "xdotool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    read, write = os.pipe()
    server = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(server, pass_fds=[write], **quiet) as xvfb:
        name = ":" + os.read(read, 16).decode().strip()
        with subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": name}, **quiet) as manager:
            yield name
            manager.terminate()
        xvfb.terminate()


@pytest.fixture
def tiny_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make known here the networks that the workers of the tests in editors know."""
    specs = [weights.read_manifest(path) for path in sorted((HERE / "networks").glob("*.json"))]
    own = plugins.registry().networks
    monkeypatch.setattr(plugins.registry(), "networks", own | {spec.id: spec for spec in specs})
