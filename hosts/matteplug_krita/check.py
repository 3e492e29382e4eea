"""Have the real Krita make one matte without a window, and say what is wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from matteplug.errors import RequestError
from matteplug.hosting import checks as host_checks
from matteplug.hosting.installations import Installation

_SCRIPTS = Path(__file__).parent / "checks"


def check(installation: Installation) -> str:
    """Return a sentence about the matte that Krita made.

    Raises:
        RequestError: Krita is missing or cannot be run this way, or the matte is wrong.
    """
    report = _run(_runner(installation), installation.folder)
    title = f"Krita {report['version']}"
    if "error" in report:
        raise RequestError(
            "check-failed",
            f"Smart Matte failed in {title}.",
            f"{report['error']}\nRun: matteplug hosts install krita",
        )
    return host_checks.judge(title, report["centre"], report["corner"], report["elapsed_s"])


def _runner(installation: Installation) -> Path:
    """Return kritarunner, which runs scripts without a window."""
    program = host_checks.require_program(installation, "Krita", "krita")
    runner = program.with_name(program.name.replace("krita", "kritarunner", 1))
    if not runner.exists() or installation.kind not in ("native", "folder"):
        raise RequestError(
            "check-no-runner",
            f"There is no kritarunner beside {program}, so it cannot be checked from here.",
            "Choose Tools > Scripts > Smart Matte in it.",
        )
    return runner


def _run(runner: Path, plug_ins: Path) -> dict[str, Any]:
    with host_checks.folder() as folder:
        environment = {
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONPATH": os.pathsep.join((str(_SCRIPTS), str(plug_ins))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "MATTEPLUG_CHECK": str(folder),
        }
        output = host_checks.run("Krita", [runner, "-s", "matteplug_check"], environment)
        try:
            report: dict[str, Any] = json.loads((folder / "report.json").read_text())
        except (OSError, ValueError):
            raise RequestError(
                "check-no-python",
                "Krita ended without running the check.",
                f"Its Python plug-ins may be missing. Krita's output:\n{output}",
            ) from None
        return report
