"""Have the real GIMP 3 make one matte without a window, and say in words what is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matteplug.errors import RequestError
from matteplug.folders import state_folder
from matteplug.host_places import Place

_SCRIPT = Path(__file__).parent / "checks" / "gimp3.py"
_OPTIONS = ("-i", "-d", "-f", "--quit", "--batch-interpreter=python-fu-eval", "-b")
_LIMIT_S = 300.0
_AGAIN = "Run: matteplug hosts install gimp3"


def check(place: Place) -> str:
    """Return a sentence about the matte that GIMP made.

    Raises:
        RequestError: there is no GIMP, it fails, does not load the plug-in, or makes no good matte.
    """
    if place.program is None:
        raise RequestError(
            "check-no-program",
            f"There is a folder for GIMP 3's plug-ins, {place.folder}, and no GIMP 3 was found.",
            "Put gimp-console-3.0 on the PATH.",
        )
    with _folder() as folder:
        shutil.copy(_SCRIPT, folder / "check.py")
        said = _run(place, folder)
        report = _report(folder, said)
    status = report["status"]
    if status == "missing":
        raise RequestError(
            "check-not-loaded",
            f"GIMP {report['version']} did not load the plug-in from {place.folder}.",
            f"{_AGAIN}. GIMP said:\n{said}",
        )
    if status != "success":
        # an error of its own has a sentence; a plug-in that crashed has only its last words
        more = "" if status == "execution-error" else f"\nGIMP said:\n{said}"
        raise RequestError(
            "check-failed", f"Smart Matte ended with {status}.", report["message"] + more
        )
    if report.get("centre") != 255 or report.get("corner") != 0:
        raise RequestError(
            "check-matte",
            "Smart Matte made no cutout of a disc: its centre and the corner are "
            f"{report.get('centre')} and {report.get('corner')} instead of 255 and 0.",
            "Run: matteplug doctor",
        )
    return f"GIMP {report['version']} made a matte in {report['elapsed_s']:.1f} s."


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder that a sandboxed GIMP sees too: one of the user's."""
    state_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="check-", dir=state_folder()) as name:
        yield Path(name)


def _run(place: Place, folder: Path) -> str:
    """Run the script in GIMP, and return the end of what GIMP said."""
    batch = f"FOLDER = {str(folder)!r}; exec(open(FOLDER + '/check.py').read())"
    try:
        done = subprocess.run(
            [*place.command, *_OPTIONS, batch],
            env={**os.environ, "GIMP3_DIRECTORY": str(place.folder.parent)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RequestError(
            "check-silent", f"GIMP did not end within {_LIMIT_S:.0f} seconds."
        ) from None
    except OSError as error:
        raise RequestError(
            "check-not-started", f"{place.command[0]} cannot be started: {error.strerror}."
        ) from error
    return done.stdout.decode(errors="replace").strip()[-2000:]


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
