"""Have the real GIMP 3 make one matte without a window, and say what is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from matteplug.errors import RequestError
from matteplug.hosting import checks as host_checks
from matteplug.hosting.installations import Installation

_SCRIPT = Path(__file__).parent / "checks" / "gimp3.py"
_OPTIONS = ("-i", "-d", "-f", "--quit", "--batch-interpreter=python-fu-eval", "-b")
_AGAIN = "Run: matteplug hosts install gimp3"


def check(installation: Installation) -> str:
    """Return a sentence about the matte that GIMP made.

    Raises:
        RequestError: GIMP is missing or fails, does not load the plug-in, or the matte is wrong.
    """
    host_checks.require_program(installation, "GIMP 3", "gimp-console-3.0")
    with host_checks.folder() as folder:
        shutil.copy(_SCRIPT, folder / "check.py")
        batch = f"FOLDER = {str(folder)!r}; exec(open(FOLDER + '/check.py').read())"
        environment = {"GIMP3_DIRECTORY": str(installation.folder.parent)}
        output = host_checks.run("GIMP", [*installation.command, *_OPTIONS, batch], environment)
        report = _report(folder, output)
    status = report["status"]
    if status == "missing":
        raise RequestError(
            "check-not-loaded",
            f"GIMP {report['version']} did not load the plug-in from {installation.folder}.",
            f"{_AGAIN}. GIMP's output:\n{output}",
        )
    if status != "success":
        # an error of the plug-in has a sentence; a crash has only GIMP's output
        more = "" if status == "execution-error" else f"\nGIMP's output:\n{output}"
        raise RequestError(
            "check-failed", f"Smart Matte ended with {status}.", report["message"] + more
        )
    title = f"GIMP {report['version']}"
    return host_checks.judge(title, report.get("centre"), report.get("corner"), report["elapsed_s"])


def _report(folder: Path, output: str) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    except (OSError, ValueError):
        raise RequestError(
            "check-no-python",
            "GIMP ended without running the check.",
            f"Its Python plug-ins may be missing (python-fu-eval). GIMP's output:\n{output}",
        ) from None
    return report
