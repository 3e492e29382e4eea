"""Have the real GIMP 2.10 make one matte without a window, and say what is wrong."""

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
        RequestError: GIMP is missing or fails, does not load the plug-in, or the matte is wrong.
    """
    host_checks.require_program(installation, "GIMP 2.10", "gimp-console-2.10")
    started = time.monotonic()
    with host_checks.folder() as folder:
        report_file = folder / "report"
        script = folder / "check.scm"
        definition = f"(define matteplug-report {json.dumps(report_file.as_posix())})\n"
        script.write_text(definition + _SCRIPT.read_text())
        load = f"(load {json.dumps(script.as_posix())})"
        options = ["-i", "-d", "-f", "-b", load, "-b", "(gimp-quit 0)"]
        environment = {"GIMP2_DIRECTORY": str(installation.folder.parent)}
        output = host_checks.run("GIMP", [*installation.command, *options], environment)
        report = report_file.read_text().split() if report_file.exists() else []
    elapsed_s = time.monotonic() - started  # includes GIMP's own start
    if len(report) < 2:
        raise RequestError(
            "check-no-script",
            "GIMP ended without running the check.",
            f"Its Script-Fu may be missing. GIMP's output:\n{output}",
        )
    title = f"GIMP {json.loads(report[0])}"
    if report[1] != "1":
        raise RequestError(
            "check-not-loaded",
            f"{title} did not load the plug-in from {installation.folder}.",
            f"{_AGAIN}. GIMP's output:\n{output}",
        )
    if len(report) < 4:
        # an error of the plug-in has a sentence; a crash has only GIMP's output
        _, failure, sentence = output.rpartition(_FAILED)
        raise RequestError(
            "check-failed",
            f"Smart Matte failed in {title}.",
            sentence.partition("\n\n")[0].strip() if failure else f"GIMP's output:\n{output}",
        )
    return host_checks.judge(title, int(report[2]), int(report[3]), elapsed_s)
