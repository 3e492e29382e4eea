"""Have the real GIMP 2.10 make one matte without a window, and say in words what is wrong."""

from __future__ import annotations

import json
import time
from pathlib import Path

from matteplug.errors import RequestError
from matteplug.hosting import checks as host_checks
from matteplug.hosting.installations import Installation

_SCRIPT = Path(__file__).parent / "checks" / "gimp2.scm"
_FAILED = "Procedure execution of plug-in-matteplug-smart-matte failed: "
_AGAIN = "Run: matteplug hosts install gimp2"


def check(installation: Installation) -> str:
    """Return a sentence about the matte that GIMP made.

    Raises:
        RequestError: there is no GIMP, it fails, does not load the plug-in, or makes no good matte.
    """
    host_checks.require_program(installation, "GIMP 2.10", "gimp-console-2.10")
    started = time.monotonic()
    with host_checks.folder() as folder:
        report = folder / "report"
        script = folder / "check.scm"
        report_is = f"(define matteplug-report {json.dumps(report.as_posix())})\n"
        script.write_text(report_is + _SCRIPT.read_text())
        load = f"(load {json.dumps(script.as_posix())})"
        options = ["-i", "-d", "-f", "-b", load, "-b", "(gimp-quit 0)"]
        own = {"GIMP2_DIRECTORY": str(installation.folder.parent)}
        said = host_checks.run("GIMP", [*installation.command, *options], own)
        told = report.read_text().split() if report.exists() else []
    elapsed_s = (
        time.monotonic() - started
    )  # with GIMP's own start, which Script-Fu cannot leave out
    if len(told) < 2:
        raise RequestError(
            "check-no-script",
            "GIMP ended without running the check.",
            f"Its Script-Fu may be missing. GIMP said:\n{said}",
        )
    title = f"GIMP {json.loads(told[0])}"
    if told[1] != "1":
        raise RequestError(
            "check-not-loaded",
            f"{title} did not load the plug-in from {installation.folder}.",
            f"{_AGAIN}. GIMP said:\n{said}",
        )
    if len(told) < 4:
        # an error of its own has a sentence; a plug-in that crashed has only its last words
        _, found, sentence = said.rpartition(_FAILED)
        raise RequestError(
            "check-failed",
            f"Smart Matte failed in {title}.",
            sentence.partition("\n\n")[0].strip() if found else f"GIMP said:\n{said}",
        )
    return host_checks.judge(title, int(told[2]), int(told[3]), elapsed_s)
