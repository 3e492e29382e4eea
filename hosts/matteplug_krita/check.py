"""Have the real Krita make one matte without a window, and say in words what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from matteplug.errors import RequestError
from matteplug.host_places import Place

_SCRIPTS = Path(__file__).parent / "checks"
_LIMIT_S = 300.0


def check(place: Place) -> str:
    """Return a sentence about the matte that Krita made.

    Raises:
        RequestError: there is no Krita that can be asked, or it makes no good matte.
    """
    report = _run(_runner(place), place.folder)
    if "error" in report:
        raise RequestError(
            "check-failed",
            f"Smart Matte failed in Krita {report['version']}.",
            f"{report['error']}\nRun: matteplug hosts install krita",
        )
    if (report["centre"], report["corner"]) != (255, 0):
        raise RequestError(
            "check-matte",
            "Smart Matte made no cutout of a disc: its centre and the corner are "
            f"{report['centre']} and {report['corner']} instead of 255 and 0.",
            "Run: matteplug doctor",
        )
    return f"Krita {report['version']} made a matte in {report['elapsed_s']:.1f} s."


def _runner(place: Place) -> Path:
    """Return kritarunner, which runs scripts without a window."""
    if place.program is None:
        raise RequestError(
            "check-no-program",
            f"There is a folder for Krita's plug-ins, {place.folder}, and no Krita was found.",
            "Put krita on the PATH.",
        )
    runner = place.program.with_name(place.program.name.replace("krita", "kritarunner", 1))
    if not runner.exists() or place.kind not in ("native", "folder"):
        raise RequestError(
            "check-no-runner",
            f"The Krita in {place.program} has no kritarunner, so it cannot be checked from here.",
            "Choose Tools > Scripts > Smart Matte in it.",
        )
    return runner


def _run(runner: Path, plug_ins: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="matteplug-check-") as folder:
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONPATH": os.pathsep.join((str(_SCRIPTS), str(plug_ins))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "MATTEPLUG_CHECK": folder,
        }
        try:
            done = subprocess.run(
                [runner, "-s", "matteplug_check"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise RequestError(
                "check-silent", f"Krita did not end within {_LIMIT_S:.0f} seconds."
            ) from None
        except OSError as error:
            raise RequestError(
                "check-not-started", f"{runner} cannot be started: {error.strerror}."
            ) from error
        try:
            report: dict[str, Any] = json.loads((Path(folder) / "report.json").read_text())
        except (OSError, ValueError):
            said = done.stdout.decode(errors="replace").strip()[-2000:]
            raise RequestError(
                "check-no-python",
                "Krita ended without running the check.",
                f"Its Python plug-ins may be missing. Krita said:\n{said}",
            ) from None
        return report
