"""Smart Matte in Inkscape: the extension run as Inkscape runs it, and by the real program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray

from hosts.drawings import DRAWING, SVG, picture, pixels_of
from hosts.metadata import ROOT, describe
from hosts.run_krita import processes_of
from matteplug import api
from matteplug.hosting.environment import of_programs
from matteplug.hosting.installations import Installation
from matteplug.images import files
from matteplug.testing import FakeEngine, HostContract, HostScene, Outcome
from matteplug_inkscape import install, matteplug_hosts

pytestmark = [pytest.mark.host, pytest.mark.timeout(300), pytest.mark.xdist_group("inkscape")]

DESKTOP_PATH = "/usr/local/bin:/usr/bin:/bin"
"""PATH as a desktop has it: Inkscape takes the python3 that it finds there."""


@pytest.fixture(autouse=True)
def _inkscape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEPLUG_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("MATTEPLUG_PLUGINS", "citm,inkscape")
    if shutil.which("inkscape") is None:
        pytest.skip("Inkscape is not installed")


@cache
def inkex() -> str:
    """Return the folder of Inkscape's own extensions, which bring inkex."""
    command = ["inkscape", "--system-data-directory"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return os.path.join(said.strip(), "extensions")


def start(
    drawing: Path, selected: Sequence[str], python: str, *options: str
) -> subprocess.Popen[str]:
    """Start the extension as Inkscape does."""
    half = install.files(Installation(folder=drawing.parent / "extensions"))
    half.install(python)
    program = str(half.folder / "matteplug_smart_matte.py")
    environment = {
        "HOME": str(drawing.parent),
        "PATH": DESKTOP_PATH,
        "PYTHONPATH": inkex(),
        "DOCUMENT_PATH": str(drawing),
    }
    return subprocess.Popen(
        ["python3", program, *(f"--id={one}" for one in selected), *options, str(drawing)],
        env=of_programs() | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    drawing: Path, selected: Sequence[str], python: str, *options: str
) -> tuple[str, ElementTree.Element | None]:
    """Run the extension as Inkscape does; return what it said and the new drawing."""
    written, said = start(drawing, selected, python, *options).communicate()
    return said, ElementTree.fromstring(written) if written else None


class TestInkscape(HostContract):
    spec = next(iter(matteplug_hosts()))
    program = ("inkex",)
    depths = (("u8", "hard"), ("u16", "hard"))

    def smart_matte(self, scene: HostScene, python: str, folder: Path) -> Outcome:
        height, width = scene.selection.shape
        x, y, w, h = scene.selected
        shape = f'<rect id="rough" x="{x}" y="{y}" width="{w}" height="{h}"/>'
        content = picture(scene.image, x=scene.at[0], y=scene.at[1]) + shape
        path = folder / "drawing.svg"
        path.write_text(DRAWING.format(width=width, height=height, content=content))
        error, drawing = run(path, ("cat", "rough"), python)
        before = ElementTree.fromstring(path.read_text())
        image, *added = (before if drawing is None else drawing).iter(SVG + "image")
        return Outcome(
            error=error,
            image=pixels_of(image),
            at=_at(image),
            cutout=pixels_of(added[0]) if added else None,
            cutout_at=_at(added[0]) if added else (0, 0),
        )


def _at(image: ElementTree.Element) -> tuple[int, int]:
    return int(image.attrib["x"]), int(image.attrib["y"])


IMAGE = np.random.default_rng(5).integers(0, 256, (44, 60, 3), np.uint8)
MASK = np.zeros((44, 60), np.uint8)
MASK[12:32, 18:42] = 255
ROUGH = '<path id="rough" d="M 18,12 H 42 V 32 H 18 Z"/>'
CUTOUT = api.matte(IMAGE, selection=MASK, engine=FakeEngine()).cutout()


@pytest.fixture
def python(tmp_path: Path) -> str:
    """The Python that the extension starts: a worker whose alpha is the guide."""
    return TestInkscape().worker("works", tmp_path)


def draw(folder: Path, content: str) -> Path:
    path = folder / "drawing.svg"
    path.write_text(DRAWING.format(width=60, height=44, content=content))
    return path


def images(drawing: ElementTree.Element | None) -> list[ElementTree.Element]:
    assert drawing is not None
    return list(drawing.iter(SVG + "image"))


def same_colours(made: NDArray[Any], expected: NDArray[Any] = CUTOUT) -> bool:
    visible = expected[..., 3] > 0
    return bool((made[..., 3] == expected[..., 3]).all() and (made == expected)[visible].all())


MOVED = 'transform="translate(100,-30) rotate(30) scale(2,0.5)"'
NATURAL = {"width": "", "height": "", "preserveAspectRatio": ""}


@pytest.mark.parametrize(
    ("content", "selected"),
    [
        pytest.param(picture(IMAGE) + ROUGH, ("cat", "rough"), id="picture and path"),
        pytest.param(picture(IMAGE) + ROUGH, ("rough",), id="the picture under a path"),
        pytest.param(
            picture(IMAGE, id="other", x=200) + picture(IMAGE) + ROUGH, ("rough",), id="under it"
        ),
        pytest.param(f'<g id="both">{picture(IMAGE)}{ROUGH}</g>', ("both",), id="a group"),
        pytest.param(
            f"<g {MOVED}>{picture(IMAGE)}</g><g {MOVED}>{ROUGH}</g>", ("cat", "rough"), id="moved"
        ),
        pytest.param(
            picture(IMAGE, width="30", height="22")
            + '<rect id="rough" x="9" y="6" width="12" height="10"/>',
            ("cat", "rough"),
            id="scaled",
        ),
        pytest.param(picture(IMAGE, **NATURAL) + ROUGH, ("cat", "rough"), id="without a size"),
        pytest.param(
            picture(IMAGE) + '<path id="rough" d="M 18,12 H 42 V 25 H 18 Z"/>'
            '<rect id="more" x="18" y="25" width="24" height="7"/>',
            ("cat", "rough", "more"),
            id="two shapes",
        ),
        pytest.param(
            f"<defs>{ROUGH}</defs>" + picture(IMAGE) + '<use id="clone" xlink:href="#rough"/>',
            ("cat", "clone"),
            id="a clone of a path",
        ),
    ],
)
def test_what_is_selected_becomes_a_picture_above(
    content: str, selected: tuple[str, ...], tmp_path: Path, python: str
) -> None:
    path = draw(tmp_path, content)
    error, drawing = run(path, selected, python)
    assert error == ""
    before = [one for one in ElementTree.parse(path).iter() if one.get("id") == "cat"]
    found = images(drawing)
    index = next(number for number, one in enumerate(found) if one.get("id") == "cat")
    assert found[index].attrib.pop("style") == "display:none"
    assert found[index].attrib == before[0].attrib
    new = found[index + 1]
    assert same_colours(pixels_of(new))
    kept = {"x", "y", "width", "height", "transform", "preserveAspectRatio"}
    assert {k: v for k, v in new.items() if k in kept} == {
        k: v for k, v in found[index].items() if k in kept
    }


def test_a_matte_becomes_a_mask(tmp_path: Path, python: str) -> None:
    path = draw(tmp_path, picture(IMAGE, x=3, y=4) + ROUGH.replace("18,12", "21,16"))
    _, drawing = run(path, ("cat", "rough"), python, "--result=mask")
    assert drawing is not None
    (mask,) = drawing.iter(SVG + "mask")
    (shown,) = mask
    assert {shown.get(name) for name in ("x", "y")} == {"3", "4"}
    assert set(np.unique(pixels_of(shown))) == {0, 128, 255}
    cat = next(one for one in images(drawing) if one.get("id") == "cat")
    assert cat.get("mask") == f"url(#{mask.get('id')})"
    path.write_bytes(ElementTree.tostring(drawing))
    error, again = run(path, ("cat", "rough"), python, "--result=mask")
    assert "already has a mask" in error
    assert again is None


def test_a_linked_picture_is_read(tmp_path: Path, python: str) -> None:
    files.write(tmp_path / "a cat.png", IMAGE)
    path = draw(tmp_path, picture(IMAGE, **{"xlink:href": "a%20cat.png"}) + ROUGH)
    error, drawing = run(path, ("cat", "rough"), python)
    assert error == ""
    assert same_colours(pixels_of(images(drawing)[1]))


def test_a_second_picture_is_the_trimap(tmp_path: Path, python: str) -> None:
    trimap = np.repeat(np.array([[0, 128, 255]], np.uint8), 20, axis=1).repeat(44, axis=0)
    path = draw(tmp_path, picture(IMAGE) + picture(trimap, id="guide"))
    error, drawing = run(path, ("guide", "cat"), python, "--guide=trimap")
    assert error == ""
    (added,) = [one for one in images(drawing) if one.get("id") not in ("cat", "guide")]
    assert (pixels_of(added)[..., 3] == trimap).all()


BOTH = ("cat", "rough")


@pytest.mark.parametrize(
    ("content", "command", "words"),
    [
        (ROUGH, ("rough",), "Select one picture and a path"),
        (picture(IMAGE), ("cat",), "Give a trimap or a selection"),
        (picture(IMAGE) + picture(IMAGE, id="b"), ("cat", "b"), "2 pictures are selected"),
        (picture(IMAGE), ("cat", "--guide=plate"), "the plate above; 1 are selected"),
        (picture(IMAGE) + '<text id="t">x</text>', ("cat", "t"), "Object to Path"),
        (picture(IMAGE, x=900) + ROUGH, BOTH, "does not lie over the picture"),
        (picture(IMAGE, **{"xlink:href": "gone.png"}) + ROUGH, BOTH, "be read: No such file"),
        (picture(IMAGE, **{"xlink:href": "https://a.org/a"}) + ROUGH, BOTH, "it is on the web"),
        (picture(IMAGE) + ROUGH, (*BOTH, "--network=no"), "no network named 'no'"),
    ],
)
def test_it_refuses_with_a_sentence(
    content: str, command: tuple[str, ...], words: str, tmp_path: Path, python: str
) -> None:
    options = [word for word in command if word.startswith("--")]
    selected = [word for word in command if not word.startswith("--")]
    error, drawing = run(draw(tmp_path, content), selected, python, *options)
    assert words in error
    assert "Traceback" not in error
    assert drawing is None


def test_it_ends_with_inkscape_and_its_worker_with_it(tmp_path: Path) -> None:
    describe(tmp_path / "metadata")
    python = tmp_path / "python"
    worker = f"{sys.executable} {ROOT / 'tests' / 'wire' / 'fake_worker.py'}"
    python.write_text(f"#!/bin/sh\nPYTHONPATH={tmp_path / 'metadata'} exec {worker}\n")
    python.chmod(0o755)
    image = np.zeros((12, 9, 3), np.uint8)  # 9 pixels wide: it takes a minute
    rough = '<rect id="rough" x="3" y="3" width="4" height="5"/>'
    with start(draw(tmp_path, picture(image) + rough), BOTH, str(python)) as extension:
        _wait_until(lambda: len(processes_of(tmp_path)) == 1)
        time.sleep(1.5)  # let it begin
        assert extension.poll() is None
        assert extension.stdout is not None
        extension.stdout.close()
        assert extension.wait(timeout=20) == 1
    _wait_until(lambda: not processes_of(tmp_path), limit_s=20)


def _wait_until(true: Callable[[], bool], limit_s: float = 30.0) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
