"""GIMP 2.10 holds what every host holds: the contract, in the real program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from matteplug.testing import HostContract, HostScene, Outcome
from matteplug_gimp import matteplug_hosts

from .reports import described, outcome
from .run_gimp2 import Gimp2

pytestmark = [pytest.mark.host, pytest.mark.timeout(600), pytest.mark.xdist_group("gimp2")]

DEPTHS = {"uint8": ("u8", 150), "uint16": ("u16", 250), "float32": ("f32", 650)}
"""How the wire calls a depth, and how GIMP 2.10 counts it."""


class TestGimp2(HostContract):
    spec = next(host for host in matteplug_hosts() if host.id == "gimp2")
    depths = (("u8", "u8"), ("u16", "u16"), ("f32", "f32"))

    @pytest.fixture(autouse=True)
    def _gimp(self, gimp2: Gimp2) -> Iterator[None]:
        self.gimp = gimp2
        yield
        gimp2.files.install(gimp2.python)

    def smart_matte(self, scene: HostScene, python: str, folder: Path) -> Outcome:
        depth, precision = DEPTHS[scene.image.dtype.name]
        case = {"scene": described(scene, depth, precision)}
        self.gimp.files.install(python)
        report = self.gimp.cases.run({"scene": case})["scene"]
        assert "results" in report, report
        return outcome(report, scene)
