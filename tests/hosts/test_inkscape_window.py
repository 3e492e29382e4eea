"""Smart Matte in a visible Inkscape, by its registered action: a photograph, one undo, an error.

Inkscape lists the actions of extensions once it has a window, and takes them over D-Bus.
MATTEPLUG_SCREENSHOTS names a folder for pictures of it (these need ImageMagick's ``import``).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray

from hosts.drawings import DRAWING, SVG, picture, pixels_of
from hosts.metadata import ROOT, describe
from matteplug import api
from matteplug.errors import RequestError
from matteplug.hosting.installations import Installation, find
from matteplug.images import files
from matteplug.types import Size
from matteplug_inkscape import install, outline
from matteplug_inkscape.check import check

pytestmark = [pytest.mark.host, pytest.mark.timeout(300), pytest.mark.xdist_group("inkscape")]

Found = TypeVar("Found")
ROUGH = [(190, 20), (290, 10), (360, 60), (390, 180), (390, 290), (140, 290), (150, 140)]
PROGRAM = "/org/inkscape/Inkscape"


@pytest.fixture
def bus() -> Iterator[str]:
    """The address of a session bus."""
    for program in ("dbus-daemon", "gdbus", "inkscape"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    command = ["dbus-daemon", "--session", "--nofork", "--print-address=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as daemon:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().decode().strip()
        daemon.terminate()


class Inkscape:
    """A running Inkscape; `folder` is its home."""

    def __init__(self, folder: Path, display: str, bus: str) -> None:
        self._exported = folder / "exported.svg"
        self._environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "DISPLAY": display,
            "DBUS_SESSION_BUS_ADDRESS": bus,
            "INKSCAPE_PROFILE_DIR": str(folder / "profile"),
            "GSETTINGS_BACKEND": "memory",
            "NO_AT_BRIDGE": "1",
        }
        self.process = subprocess.Popen(
            ["inkscape", "--with-gui", str(folder / "drawing.svg")],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda: "matteplug.smart-matte.noprefs" in self._call("List"))

    def act(self, action: str, value: str = "", of: str = PROGRAM, *, patience_s: int = 10) -> None:
        """Activate an action of the program, or of its document, and wait until it is done."""
        value = f"[<'{value}'>]" if value else "[]"
        self._call("Activate", action, value, "{}", of=of, patience_s=patience_s)

    def images(self) -> list[ElementTree.Element]:
        """Return the pictures that the drawing has now."""
        self._exported.unlink(missing_ok=True)
        self.act("export-filename", str(self._exported))
        self.act("export-do")
        wait_for(self._exported.exists)
        return list(ElementTree.parse(self._exported).iter(SVG + "image"))

    def _call(self, method: str, *arguments: str, of: str = PROGRAM, patience_s: int = 10) -> str:
        where = ["--dest", "org.inkscape.Inkscape", "--object-path", of]
        command = [
            "gdbus",
            "call",
            "--session",
            f"--timeout={patience_s}",
            *where,
            "--method",
            f"org.gtk.Actions.{method}",
        ]
        done = subprocess.run(
            [*command, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout


def wait_for(found: Callable[[], Found], limit_s: float = 100.0) -> Found:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(0.3)
    pytest.fail("it did not happen")


@pytest.fixture
def photograph(shared: Path) -> NDArray[np.uint8]:
    image = files.read(shared / "eval" / "lemur" / "lemur.png").image[60:360, 40:440]
    return np.ascontiguousarray(image, np.uint8)


def _worker(folder: Path) -> Path:
    """Return a Python that has this matteplug."""
    describe(folder / "metadata")
    python = folder / "python"
    path = ":".join(map(str, (folder / "metadata", ROOT, ROOT / "hosts")))
    python.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return python


@pytest.fixture
def inkscape(
    photograph: NDArray[np.uint8],
    tmp_path: Path,
    display: str,
    bus: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Inkscape]:
    """Inkscape with the photograph, a path around the lemur, and the real worker."""
    monkeypatch.setenv("MATTEPLUG_STATE", str(tmp_path / "state"))
    installation = Installation(folder=tmp_path / "profile" / "extensions")
    install.files(installation).install(str(_worker(tmp_path)))
    points = " ".join(f"{x},{y}" for x, y in ROUGH)
    content = picture(photograph) + f'<polygon id="rough" points="{points}" fill="none"/>'
    content += '<rect id="beside" x="-90" y="0" width="50" height="50"/>'
    height, width = photograph.shape[:2]
    drawing = DRAWING.format(width=width, height=height, content=content)
    (tmp_path / "drawing.svg").write_text(drawing)
    running = Inkscape(tmp_path, display, bus)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_a_photograph_is_cut_out_and_one_undo_takes_it_back(
    inkscape: Inkscape, photograph: NDArray[np.uint8], display: str
) -> None:
    (before,) = inkscape.images()
    inkscape.act("select-by-id", "cat,rough")
    inkscape.act("matteplug.smart-matte.noprefs")
    original, cutout = wait_for(lambda: both if len(both := inkscape.images()) == 2 else [])
    assert "display:none" in original.attrib.pop("style")
    assert original.attrib == before.attrib
    height, width = photograph.shape[:2]
    shape = {"rule": "nonzero", "rings": [ROUGH]}
    described = {"frame": [0, 0, width, height], "fit": "none", "shapes": [shape]}
    selection = outline.mask(json.dumps(described).encode(), Size(width, height))
    made = pixels_of(cutout)
    expected = api.matte(photograph, selection=selection).cutout()
    assert 0.2 < (made[..., 3] > 0).mean() < 0.8
    assert (made == expected).all()
    shoot("inkscape-result", display)
    inkscape.act("undo", of=f"{PROGRAM}/document/1")
    (after,) = inkscape.images()
    assert after.attrib == before.attrib
    inkscape.act("matteplug.smart-matte")
    time.sleep(2)
    shoot("inkscape-dialog", display)


def test_an_error_is_shown_and_the_drawing_stays(
    inkscape: Inkscape, tmp_path: Path, display: str
) -> None:
    (before,) = inkscape.images()
    inkscape.act("select-by-id", "cat,beside")
    inkscape.act("matteplug.smart-matte.noprefs", patience_s=1)  # it ends when the box is closed
    log = tmp_path / "state" / "log" / "inkscape.log"
    wait_for(lambda: log.exists() and "does not lie over the picture" in log.read_text())
    time.sleep(1)
    shoot("inkscape-error", display)
    (after,) = inkscape.images()
    assert after.attrib == before.attrib
    assert inkscape.process.poll() is None


def test_the_check_says_what_is_wrong(
    tmp_path: Path, display: str, bus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATTEPLUG_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("INKSCAPE_PROFILE_DIR", str(tmp_path / "profile"))
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus)
    (installation,) = find(install.PACKAGINGS)
    with pytest.raises(RequestError, match="does not know where matteplug is"):
        check(installation)
    installed = install.files(installation)
    installed.install(str(_worker(tmp_path)))
    assert re.fullmatch(r"Inkscape 1\.\S+ made a matte in \d+\.\d s\.", check(installation))
    installed.install("/bin/false")
    with pytest.raises(RequestError, match="failed in Inkscape") as caught:
        check(installation)
    assert caught.value.hint.startswith("matteplug's worker ended unexpectedly")
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RequestError, match="no screen here"):
        check(installation)


def shoot(name: str, display: str) -> None:
    """Take a picture of the screen, where a folder for such is named."""
    if folder := os.environ.get("MATTEPLUG_SCREENSHOTS"):
        environment = {**os.environ, "DISPLAY": display}
        # away, or tips appear
        subprocess.run(["xdotool", "mousemove", "1270", "890"], env=environment, check=True)
        time.sleep(1)
        command = ["import", "-window", "root", str(Path(folder) / f"{name}.png")]
        subprocess.run(command, env=environment, check=True)
