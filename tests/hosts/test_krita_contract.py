"""Krita holds what every host holds: the contract, in the real program."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hosts.run_krita import Krita
from matteplug.images import pixels
from matteplug.testing import HostContract, HostScene, Outcome
from matteplug_krita import matteplug_hosts

pytestmark = [pytest.mark.host, pytest.mark.timeout(300), pytest.mark.xdist_group("krita")]

DEPTHS = {"uint8": ("U8", "BGRA"), "uint16": ("U16", "BGRA"), "float32": ("F32", "RGBA")}
"""How Krita calls a depth, and the order of its channels there."""
_SWAPPED = [2, 1, 0, 3]


class TestKrita(HostContract):
    (spec,) = matteplug_hosts()
    program = ("krita", "PyQt5", "PyQt6")
    depths = (("u8", "u8"), ("u16", "u8"), ("f32", "u8"))

    @pytest.fixture(autouse=True)
    def _krita(self, krita: Krita) -> None:
        self.krita = krita

    def smart_matte(self, scene: HostScene, python: str, folder: Path) -> Outcome:
        self.krita.files.install(python)
        depth, order = DEPTHS[scene.image.dtype.name]
        opaque = pixels.cutout(scene.image, np.ones(scene.image.shape[:2], np.float32))
        if order == "BGRA":
            opaque = opaque[..., _SWAPPED]
        described = {
            "depth": depth,
            "size": scene.selection.shape[::-1],
            "at": scene.at,
            "pixels": base64.b64encode(opaque.tobytes()).decode(),
            "selection": base64.b64encode(scene.selection.tobytes()).decode(),
        }
        case = {"scene": described, "new worker": True}
        report = self.krita.cases.run({"scene": case})["scene"]
        assert "results" in report, report
        ((kind, said),) = report["results"]
        made = report["layers"]
        return Outcome(
            error=said if kind in ("Refusal", "BridgeError") else "",
            image=_pixels(report["source"]["pixels"], scene)[..., :3],
            at=tuple(report["source"]["rect"][:2]),
            # Krita's layers have no edges: this is what the new one has where the picture lies.
            cutout=_pixels(made[0]["inside"], scene) if made else None,
            cutout_at=scene.at,
        )


def _pixels(text: str, scene: HostScene) -> NDArray[Any]:
    values = np.frombuffer(base64.b64decode(text), scene.image.dtype)
    values = values.reshape(*scene.image.shape[:2], 4)
    return values[..., _SWAPPED] if DEPTHS[scene.image.dtype.name][1] == "BGRA" else values
