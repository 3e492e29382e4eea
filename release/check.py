"""Check what would be published: each package is installed into an empty environment and used.

usage: check.py DIST; DIST holds one sdist and one wheel.  Each is installed with pip into a virtual
environment of its own, with a home of its own and nothing of this one, and cuts a picture out.
Then the wheel's environment is listed as a software bill of materials (CycloneDX).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "hosts/matteplug_batch/demo/pictures/lemur.jpg"
_KEPT = ("PATH", "LANG", "PIP_", "SSL_", "http", "HTTP", "SYSTEMROOT", "TEMP", "TMP")


def main(dist: Path) -> None:
    """Check the packages in `dist`; the first that fails ends the program."""
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    for package in (wheel, sdist):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            python = _install(package, folder)
            _use(python, folder)
            if package == wheel:
                _list_components(python, dist / f"{wheel.name.rpartition('-py3')[0]}.cdx.json")


def _install(package: Path, folder: Path) -> Path:
    start = time.monotonic()
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    _run(folder, python, "-m", "pip", "install", "--quiet", package.resolve())
    _run(folder, python, "-m", "pip", "check")
    print(f"{package.name}: installed in {time.monotonic() - start:.0f} s", flush=True)
    return python


def _use(python: Path, folder: Path) -> None:
    (folder / "photos").mkdir()
    shutil.copy(PICTURE, folder / "photos")
    start = time.monotonic()
    _run(folder, python, "-m", "matteplug", "--version")
    _run(folder, python, "-m", "matteplug", "batch", "photos", "--fail-on", "doubtful")
    check = (
        "from PIL import Image; alpha = Image.open('photos-matte/lemur.png').getchannel('A'); "
        "assert alpha.getextrema() == (0, 255), alpha.getextrema()"
    )
    _run(folder, python, "-c", check)
    print(f"  cut a picture out in {time.monotonic() - start:.0f} s", flush=True)


def _list_components(python: Path, path: Path) -> None:
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "-o", str(path), str(python)]
    subprocess.run(command, check=True)
    print(f"  components: {path}", flush=True)


def _run(folder: Path, *words: object) -> None:
    kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    command = [str(word) for word in words]
    subprocess.run(command, cwd=folder, env={**kept, "HOME": str(folder)}, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
