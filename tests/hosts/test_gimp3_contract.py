"""GIMP 3 holds what every host holds: the contract, in the real program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from matteplug.hosting.installations import Installation
from matteplug.testing import HostContract, HostScene, Outcome
from matteplug_gimp import matteplug_hosts
from matteplug_gimp.install_gimp3 import files

from .cases import Cases
from .conftest import FAKE
from .reports import described, outcome

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
        case = {"scene": described(scene, depth, f"{precision}_NON_LINEAR")}
        report = self.cases.run({"scene": case})["scene"]
        assert "results" in report, (report, self.cases.said())
        return outcome(report, scene)
