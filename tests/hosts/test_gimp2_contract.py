"""GIMP 2.10 holds what every host holds: the contract, in the real program."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.testing import HostContract, HostScene, Outcome
from matteplug_gimp import matteplug_hosts

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
        described = {
            "precision": precision,
            "depth": depth,
            "size": scene.selection.shape[::-1],
            "at": scene.at,
            "pixels": base64.b64encode(scene.image.tobytes()).decode(),
            "selection": base64.b64encode(scene.selection.tobytes()).decode(),
        }
        self.gimp.files.install(python)
        report = self.gimp.cases.run({"scene": {"scene": described}})["scene"]
        assert "results" in report, report
        ((status, message),) = report["results"]
        cutout = report["layers"][0] if report["layers"] else None
        return Outcome(
            error="" if status == "success" else message,
            image=_pixels(report["source"], scene),
            at=tuple(report["source"]["at"]),
            cutout=None if cutout is None else _pixels(cutout, scene),
            cutout_at=(0, 0) if cutout is None else tuple(cutout["at"]),
        )


def _pixels(layer: dict[str, Any], scene: HostScene) -> NDArray[Any]:
    width, height = layer["size"]
    values = np.frombuffer(base64.b64decode(layer["native"]), scene.image.dtype)
    return values.reshape(height, width, -1)
