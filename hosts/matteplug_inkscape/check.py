"""Have the real Inkscape make one matte, and say what is wrong.

Inkscape runs extensions only with a window: the screen's, or where there is no screen, Xvfb's.
"""

from __future__ import annotations

import base64
import os
import shutil
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from matteplug import bridge
from matteplug.errors import RequestError
from matteplug.hosting import checks as host_checks
from matteplug.hosting.installations import Installation
from matteplug.hosting.packaging import LINUX
from matteplug.hosting.versions import version_of
from matteplug.images.decoder import decode
from matteplug.images.encoding import encode
from matteplug.types import Image
from matteplug_inkscape.install import files

_SIDE = 64
_DRAWING = f"""\
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
     width="{_SIDE}" height="{_SIDE}" viewBox="0 0 {_SIDE} {_SIDE}">
 <image id="disc" width="{_SIDE}" height="{_SIDE}" xlink:href="data:image/png;base64,{{}}"/>
 <circle id="rough" cx="{_SIDE // 2}" cy="{_SIDE // 2}" r="22"/>
</svg>
"""
_IMAGE = "{http://www.w3.org/2000/svg}image"
_HREF = "{http://www.w3.org/1999/xlink}href"


def check(installation: Installation) -> str:
    """Return a sentence about the matte that Inkscape made.

    Raises:
        RequestError: Inkscape or a screen is missing, the extension is not loaded, or the matte is
            wrong.
    """
    host_checks.require_program(installation, "Inkscape", "inkscape")
    log = _log(installation)
    before = log.stat().st_size if log.exists() else 0

    def failed() -> bool:
        # an error is logged, then shown until somebody closes the message
        return log.exists() and log.stat().st_size > before

    with host_checks.folder() as folder:
        drawing, result = folder / "disc.svg", folder / "result.svg"
        drawing.write_text(_DRAWING.format(base64.b64encode(encode(_disc(), ".png")).decode()))
        actions = (
            "select-by-id:disc,rough",
            "matteplug.smart-matte.noprefs",
            f"export-filename:{result}",
            "export-do",
        )
        command = [*_screen(), *installation.command, "--with-gui", "--batch-process"]
        command += ["--app-id-tag=matteplug", f"--actions={';'.join(actions)}", str(drawing)]
        started = time.monotonic()
        environment = {"INKSCAPE_PROFILE_DIR": str(installation.folder.parent)}
        output = host_checks.run("Inkscape", command, environment, stuck=failed)
        elapsed_s = time.monotonic() - started  # includes Inkscape's own start
        if failed():
            sentence = log.read_bytes()[before:].decode().partition(": ")[2].strip()
            raise RequestError("check-failed", "Smart Matte failed in Inkscape.", sentence)
        pictures = _pictures(result)
    if len(pictures) != 2:
        raise RequestError(
            "check-not-loaded",
            f"Inkscape did not run the extension from {installation.folder}.",
            f"Run: matteplug hosts install inkscape. Inkscape's output:\n{output}",
        )
    alpha = decode(base64.b64decode(pictures[1].partition(",")[2]), "of the check").array[..., 3]
    title = f"Inkscape {version_of(installation)}"
    return host_checks.judge(title, int(alpha[_SIDE // 2, _SIDE // 2]), int(alpha[0, 0]), elapsed_s)


def _log(installation: Installation) -> Path:
    """Return the file in which the extension writes its errors."""
    try:
        return Path(bridge.installed(str(files(installation).folder))["log"])
    except bridge.BridgeError as error:
        raise RequestError("check-failed", error.message, f"{error.hint} inkscape") from None


def _screen() -> list[str]:
    """Return the command that gives Inkscape a screen where there is none."""
    if not sys.platform.startswith(LINUX) or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
        return []
    if xvfb := shutil.which("xvfb-run"):
        return [xvfb, "-a"]
    raise RequestError(
        "check-no-screen",
        "Inkscape runs extensions only with a window, and there is no screen here.",
        "Run this on a desktop, or install xvfb.",
    )


def _disc() -> Image:
    """Return a bright disc on a dark ground, (H, W, 3)."""
    y, x = np.mgrid[:_SIDE, :_SIDE] - _SIDE // 2
    inside = x**2 + y**2 < 20**2
    colours = np.array([[20, 30, 60], [230, 210, 90]], np.uint8)
    disc: Image = colours[inside.astype(int)]
    return disc


def _pictures(drawing: Path) -> list[str]:
    """Return the pictures' addresses in a drawing, from the bottom."""
    if not drawing.exists():
        return []
    return [image.get(_HREF, "") for image in ElementTree.parse(drawing).iter(_IMAGE)]
