"""GIMP 3 holds what every host holds: the contract, in the real program."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.hosting.installations import Installation
from matteplug.testing import HostContract, HostScene, Outcome
from matteplug_gimp import matteplug_hosts
from matteplug_gimp.install_gimp3 import files

from .cases import Cases
from .conftest import FAKE

pytestmark = [pytest.mark.host, pytest.mark.timeout(900), pytest.mark.xdist_group("gimp3")]

DEPTHS = {"uint8": ("u8", "U8"), "uint16": ("u16", "U16"), "float32": ("float", "FLOAT")}
"""How GIMP's buffers and its images call a depth."""
WORKER = """\
#!/bin/sh
export PYTHONPATH=/opt/matteplug:/opt/matteplug/hosts:/opt/packages
exec python3 -m matteplug.testing.worker {kind}
"""


class TestGimp3(HostContract):
    spec = next(host for host in matteplug_hosts() if host.id == "gimp3")
    program = ("gi",)
    depths = (("u8", "u8"), ("u16", "u16"), ("f32", "f32"))

    @pytest.fixture(autouse=True)
    def _gimp(self, chroot: Path, folder: Path, gimp3: Cases) -> Iterator[None]:
        self.root, self.shared, self.cases = chroot, folder, gimp3
        self.files = files(Installation(folder=chroot / "srv" / "gimp" / "plug-ins"))
        yield
        self.files.install(FAKE)

    def worker(self, kind: str, folder: Path) -> str:
        script = self.shared / f"{kind}-worker"
        script.write_text(WORKER.format(kind=kind))
        script.chmod(0o755)
        return f"/{script.relative_to(self.root)}"

    def smart_matte(self, scene: HostScene, python: str, folder: Path) -> Outcome:
        self.files.install(python)
        depth, precision = DEPTHS[scene.image.dtype.name]
        described = {
            "precision": f"{precision}_NON_LINEAR",
            "depth": depth,
            "size": scene.selection.shape[::-1],
            "at": scene.at,
            "pixels": base64.b64encode(scene.image.tobytes()).decode(),
            "selection": base64.b64encode(scene.selection.tobytes()).decode(),
        }
        report = self.cases.run({"scene": {"scene": described}})["scene"]
        assert "results" in report, (report, self.cases.said())
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
