"""The contract of every host; a test subclasses `HostContract` and drives its own host."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug import api, plugins
from matteplug.host import HostSpec
from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation
from matteplug.images import pixels
from matteplug.testing import import_check, worker
from matteplug.testing.fake_engine import FakeEngine
from matteplug.types import Alpha, Image, Rect, Size

_DEPTHS = {"u8": np.uint8, "u16": np.uint16, "f32": np.float32}
_SIZE = Size(60, 44)
_SELECTED = Rect(18, 12, 24, 20)
_FAINT = 3 / 255 + 1 / 65535
"""A partial selection that 8 bits cannot tell from unselected."""


@dataclass(frozen=True, kw_only=True)
class HostScene:
    """A document with one opaque layer and a selection, which the host has to make.

    Attributes:
        image: (H, W, 3) in one of the host's depths, the layer; also the document's size.
        at: x and y of the layer in the document.
        selection: (H, W) in the depth of the host's selections, in the document.
        selected: the rectangle that is fully selected, for hosts that select shapes.
    """

    image: Image
    at: tuple[int, int]
    selection: NDArray[Any]
    selected: Rect


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a document.

    Attributes:
        error: the message shown to the user; "" on success.
        image: the layer afterwards, as `HostScene.image`.
        at: its position afterwards.
        cutout: (H, W, 4) straight, the layer that was added; None if there is none.
        cutout_at: its position.
    """

    error: str
    image: Image
    at: tuple[int, int]
    cutout: Image | None
    cutout_at: tuple[int, int] = (0, 0)


class HostContract:
    """Tests for pytest: pixels and offsets, depths, errors, versions, imports.

        class TestEasel(HostContract):
            spec = matteplug_easel.SPEC

            def smart_matte(self, scene, python, folder): ...

    Attributes:
        spec: the host, as the hook `matteplug_hosts` returns it.
        program: the program's own modules that its half may import besides the standard library.
        depths: pairs of a depth that the host's layers have and the depth of its selection then:
            "u8", "u16", "f32"; "hard" for selections that have no partial values.
        places: positions that a layer of the host can have.
    """

    spec: HostSpec[Any]
    program: tuple[str, ...] = ()
    depths: tuple[tuple[str, str], ...] = (("u8", "u8"),)
    places: tuple[tuple[int, int], ...] = ((0, 0), (9, 5), (-8, -6))

    def smart_matte(self, scene: HostScene, python: str, folder: Path) -> Outcome:
        """Make the scene's document, run the host's command on it, and return what became of it.

        Args:
            scene: the document.
            python: what the in-host half starts instead of the Python that has matteplug.
            folder: a folder for this scene only.
        """
        raise NotImplementedError

    def worker(self, kind: str, folder: Path) -> str:
        """Return a script that stands in for Python and starts that kind of worker."""
        words = (sys.executable, "-m", worker.__name__, kind, self.spec.id, self.spec.adapter)
        script = folder / f"{kind}-worker"
        path = shlex.quote(":".join(sys.path))
        script.write_text(f"#!/bin/sh\nPYTHONPATH={path} exec {shlex.join(words)}\n")
        script.chmod(0o755)
        return str(script)

    def test_the_cutout_is_the_library_s_in_every_depth(self, tmp_path: Path) -> None:
        """Pixels and the selection go there and back without loss."""
        for depths in self.depths:
            self._check_cutout(_scene(*depths), tmp_path / depths[0])

    def test_the_cutout_lies_where_its_layer_does(self, tmp_path: Path) -> None:
        """A layer's place decides which part of the selection is its own."""
        for number, at in enumerate(self.places):
            scene = replace(_scene(*self.depths[0]), at=at)
            self._check_cutout(scene, tmp_path / str(number))

    def test_a_matte_that_fails_leaves_the_document_as_it_was(self, tmp_path: Path) -> None:
        """An error is shown with its hint, and so is the end of a worker that dies."""
        _, message, hint = worker.FAILURE
        self._check_error("fails", (message, hint), tmp_path)
        self._check_error("dies", ("ended unexpectedly",), tmp_path)

    def test_a_worker_of_another_version_is_refused_with_what_to_do(self, tmp_path: Path) -> None:
        """The half in the host outlives upgrades of matteplug, and the other way round."""
        self._check_error(
            "newer", ("older than the installed", "-m matteplug hosts install"), tmp_path
        )
        self._check_error("older", ("is older than this", "install --upgrade"), tmp_path)

    def test_the_half_in_the_host_imports_only_what_is_there(self, tmp_path: Path) -> None:
        """In a clean process: the standard library and the program's own modules."""
        if self.spec.install is None:
            return
        files: HostFiles = plugins.resolve(self.spec.install)(Installation(folder=tmp_path))
        files.install()
        command = [sys.executable, "-I", "-S", import_check.__file__, str(files.folder)]
        done = subprocess.run(
            [*command, *self.program], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def _check_cutout(self, scene: HostScene, folder: Path) -> None:
        folder.mkdir()
        outcome = self.smart_matte(scene, self.worker("works", folder), folder)
        assert outcome.error == "", f"it failed: {outcome.error}"
        _check_untouched(scene, outcome)
        assert outcome.cutout is not None, "nothing was added"
        assert outcome.cutout_at == scene.at, f"it lies at {outcome.cutout_at}, not {scene.at}"
        expected = _expected(scene)
        assert outcome.cutout.dtype == expected.dtype, f"it is {outcome.cutout.dtype}"
        assert outcome.cutout.shape == expected.shape, f"it is {outcome.cutout.shape}"
        wrong = outcome.cutout != expected
        wrong[..., :3] &= expected[..., 3:] > 0  # what is invisible has any colour
        assert not wrong.any(), f"{wrong.any(axis=2).sum()} pixels are not the library's"

    def _check_error(self, kind: str, words: tuple[str, ...], folder: Path) -> None:
        folder = folder / kind
        folder.mkdir()
        scene = _scene(*self.depths[0])
        outcome = self.smart_matte(scene, self.worker(kind, folder), folder)
        for text in words:
            assert text in outcome.error, f'the user is not told "{text}": "{outcome.error}"'
        _check_untouched(scene, outcome)
        assert outcome.cutout is None, "something was added"


def _scene(depth: str, selection_depth: str) -> HostScene:
    """Return a scene whose pixels are all different, and whose selection needs its depth."""
    dtype = np.dtype(_DEPTHS[depth])
    values = np.random.default_rng(7).random((_SIZE.height, _SIZE.width, 3), np.float32)
    selection = np.zeros((_SIZE.height, _SIZE.width), np.float32)
    if selection_depth != "hard":
        selection[4:12, 10:50] = _FAINT
        selection[30:38, 20:34] = 0.5
    selection[_SELECTED.slices] = 1
    return HostScene(
        image=pixels.from_float(values, dtype),
        at=(0, 0),
        selection=pixels.from_float(selection, _DEPTHS.get(selection_depth, np.uint8)),
        selected=_SELECTED,
    )


def _expected(scene: HostScene) -> Image:
    """Return the library's own cutout."""
    selection: Alpha = pixels.to_float(scene.selection)
    x, y = scene.at
    part = np.pad(selection, max(_SIZE))[max(_SIZE) + y :, max(_SIZE) + x :]
    part = part[: _SIZE.height, : _SIZE.width]
    return api.matte(scene.image, selection=part, engine=FakeEngine()).cutout()


def _check_untouched(scene: HostScene, outcome: Outcome) -> None:
    assert (outcome.image == scene.image).all(), "the layer's pixels changed"
    assert outcome.at == scene.at, f"the layer moved to {outcome.at}"
