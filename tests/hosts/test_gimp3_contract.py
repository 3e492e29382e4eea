"""GIMP 3 holds what every host holds: the contract, in the real program."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.host_places import Place
from matteplug.testing import HostContract, Outcome, Scene
from matteplug_gimp import matteplug_hosts
from matteplug_gimp.install import files

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]

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
    def _gimp(
        self, chroot: Path, folder: Path, start_gimp: Callable[[str], subprocess.Popen[bytes]]
    ) -> Iterator[None]:
        self.root, self.shared, self.start = chroot, folder, start_gimp
        plug_ins = chroot / "srv" / "gimp" / "plug-ins"
        kept = chroot / "srv" / "gimp" / "kept"
        shutil.copytree(plug_ins, kept)
        yield
        shutil.rmtree(plug_ins)
        kept.rename(plug_ins)

    def worker(self, kind: str, folder: Path) -> str:
        script = self.shared / f"{kind}-worker"
        script.write_text(WORKER.format(kind=kind))
        script.chmod(0o755)
        return f"/{script.relative_to(self.root)}"

    def smart_matte(self, scene: Scene, python: str, folder: Path) -> Outcome:
        files(Place(folder=self.root / "srv" / "gimp" / "plug-ins")).install(python)
        depth, precision = DEPTHS[scene.image.dtype.name]
        described = {
            "precision": f"{precision}_NON_LINEAR",
            "depth": depth,
            "size": scene.selection.shape[::-1],
            "at": scene.at,
            "pixels": base64.b64encode(scene.image.tobytes()).decode(),
            "selection": base64.b64encode(scene.selection.tobytes()).decode(),
        }
        (self.shared / "cases.json").write_text(json.dumps({"scene": {"scene": described}}))
        gimp = self.start("gimp3_batch.py")
        try:
            said, _ = gimp.communicate(timeout=300)
        finally:
            gimp.kill()
        report = json.loads((self.shared / "report.json").read_text())["scene"]
        assert "results" in report, (report, said.decode(errors="replace"))
        ((status, message),) = report["results"]
        cutout = report["layers"][0] if report["layers"] else None
        return Outcome(
            error="" if status == "success" else message,
            image=_pixels(report["source"], scene),
            at=tuple(report["source"]["at"]),
            cutout=None if cutout is None else _pixels(cutout, scene),
            cutout_at=(0, 0) if cutout is None else tuple(cutout["at"]),
        )


def _pixels(layer: dict[str, Any], scene: Scene) -> NDArray[Any]:
    width, height = layer["size"]
    values = np.frombuffer(base64.b64decode(layer["native"]), scene.image.dtype)
    return values.reshape(height, width, -1)
