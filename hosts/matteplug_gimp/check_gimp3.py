"""Have the real GIMP 3 make one matte without a window, and say in words what is wrong."""

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
        RequestError: there is no GIMP, it fails, does not load the plug-in, or makes no good matte.
    """
    host_checks.require_program(installation, "GIMP 3", "gimp-console-3.0")
    with host_checks.folder() as folder:
        shutil.copy(_SCRIPT, folder / "check.py")
        batch = f"FOLDER = {str(folder)!r}; exec(open(FOLDER + '/check.py').read())"
        own = {"GIMP3_DIRECTORY": str(installation.folder.parent)}
        said = host_checks.run("GIMP", [*installation.command, *_OPTIONS, batch], own)
        report = _report(folder, said)
    status = report["status"]
    if status == "missing":
        raise RequestError(
            "check-not-loaded",
            f"GIMP {report['version']} did not load the plug-in from {installation.folder}.",
            f"{_AGAIN}. GIMP said:\n{said}",
        )
    if status != "success":
        # an error of its own has a sentence; a plug-in that crashed has only its last words
        more = "" if status == "execution-error" else f"\nGIMP said:\n{said}"
        raise RequestError(
            "check-failed", f"Smart Matte ended with {status}.", report["message"] + more
        )
    title = f"GIMP {report['version']}"
    return host_checks.judge(title, report.get("centre"), report.get("corner"), report["elapsed_s"])


def _report(folder: Path, said: str) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    except (OSError, ValueError):
        raise RequestError(
            "check-no-python",
            "GIMP ended without running the check.",
            f"Its Python plug-ins may be missing (python-fu-eval). GIMP said:\n{said}",
        ) from None
    return report
