"""The contract for hosts finds what is wrong with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matteplug import bridge
from matteplug.host import HostSpec
from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation
from matteplug.images import pixels
from matteplug.testing import HostContract, HostScene, Outcome

PIXELS = "the_cutout_is_the_library_s_in_every_depth"
PLACES = "the_cutout_lies_where_its_layer_does"
FAILURES = "a_matte_that_fails_leaves_the_document_as_it_was"
VERSIONS = "a_worker_of_another_version_is_refused_with_what_to_do"
IMPORTS = "the_half_in_the_host_imports_only_what_is_there"
NAMES = {"uint8": "u8", "uint16": "u16", "float32": "f32"}


class Host(HostContract):
    """A host within the test, with one fault or none."""

    spec: HostSpec[Any] = HostSpec(
        id="made-up",
        title="Made up",
        adapter="matteplug.wire:WireAdapter",
        install=f"{__name__}:files",
    )
    program = ("gi",)
    depths = (("u8", "u8"), ("u16", "u16"), ("f32", "f32"))

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def smart_matte(self, scene: HostScene, python: str, folder: Path) -> Outcome:
        height, width = scene.selection.shape
        selection = scene.selection
        if self.fault == "selects in 8 bits":
            selection = pixels.from_float(pixels.to_float(selection), np.uint8)
        x, y = (0, 0) if self.fault == "forgets the place" else scene.at
        depth = NAMES[scene.image.dtype.name]
        buffers = {
            "image": bridge.Pixels(f"RGB {depth}", width, height, scene.image.tobytes(), x, y),
            "selection": bridge.Pixels(
                f"Y {NAMES[selection.dtype.name]}", width, height, selection.tobytes()
            ),
        }
        image, cutout, error = scene.image.copy(), None, ""
        try:
            with bridge.Worker(python) as worker:
                answer = worker.matte(buffers, {"cutout": f"RGBA {depth}"}, host="made-up")[1]
            cutout = np.frombuffer(answer["cutout"], image.dtype).reshape(height, width, 4)
        except bridge.BridgeError as failure:
            error = failure.message if self.fault == "keeps the hint" else str(failure)
        if self.fault == "paints":
            image[0, 0, 0] += image.dtype.type(1)
        if self.fault == "says nothing":
            error = ""
        if self.fault == "adds half a layer" and error:
            cutout = np.zeros((height, width, 4), image.dtype)
        return Outcome(error=error, image=image, at=scene.at, cutout=cutout, cutout_at=scene.at)


HALF = """\
import json
from gi.repository import Gimp, Gtk
import bridge
class SmartMatte(Gimp.PlugIn):
    def run(self):
        {inside}
Gimp.main(SmartMatte.__gtype__, Gimp.MAJOR | 2)
{outside}
"""
INSIDE, OUTSIDE = "pass", ""


def files(installation: Installation) -> HostFiles:
    source = installation.folder / "source" / "half.py"
    source.parent.mkdir()
    source.write_text(HALF.format(inside=INSIDE, outside=OUTSIDE))
    return HostFiles(host="made-up", folder=installation.folder / "plug-in", sources=(source,))


def check(test: str, folder: Path, fault: str = "") -> None:
    getattr(Host(fault), f"test_{test}")(folder)


@pytest.mark.parametrize("test", [PIXELS, PLACES, FAILURES, VERSIONS, IMPORTS])
def test_a_good_host_passes(test: str, tmp_path: Path) -> None:
    check(test, tmp_path)


@pytest.mark.parametrize(
    ("fault", "test", "words"),
    [
        ("selects in 8 bits", PIXELS, "pixels are not the library's"),
        ("paints", PIXELS, "pixels changed"),
        ("forgets the place", PLACES, "pixels are not the library's"),
        ("paints", FAILURES, "pixels changed"),
        ("keeps the hint", FAILURES, "not told"),
        ("says nothing", FAILURES, "not told"),
        ("adds half a layer", FAILURES, "something was added"),
        ("keeps the hint", VERSIONS, "not told"),
    ],
)
def test_a_fault_is_found(fault: str, test: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=words):
        check(test, tmp_path, fault)


@pytest.mark.parametrize(
    ("inside", "outside", "words"),
    [
        ("import numpy", "", "half.py imports numpy"),
        ("pass", "import matteplug", "half.py imports matteplug"),
        ("pass", "__import__('nu' + 'mpy')", "No module named 'numpy'"),
        ("from matteplug import pixels", "", "half.py imports matteplug"),
    ],
)
def test_a_foreign_import_is_found(
    inside: str, outside: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "INSIDE", inside)
    monkeypatch.setitem(globals(), "OUTSIDE", outside)
    with pytest.raises(AssertionError, match=words):
        check(IMPORTS, tmp_path)


def test_what_is_tried_when_an_import_fails_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\ntry:\n    import queue\nexcept ImportError:\n    import Queue as queue\n"
    monkeypatch.setitem(globals(), "OUTSIDE", text)
    check(IMPORTS, tmp_path)
