"""Smart Matte in a visible GIMP 2.10: menu entry, dialog, result, and one step back.

Needs Xvfb, openbox and xdotool; MATTEPLUG_SCREENSHOTS as in test_gimp3_window.py.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from matteplug import files

from .run_gimp2 import Gimp2
from .test_gimp3_window import Screen

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]

OPEN = """
(let ((image (car (gimp-file-load RUN-NONINTERACTIVE "{path}" "{path}"))))
  (gimp-image-select-ellipse image CHANNEL-OP-REPLACE {ellipse})
  (gimp-display-new image))
"""


@contextmanager
def opened(gimp: Gimp2, picture: Path, ellipse: str, display: str) -> Iterator[Screen]:
    """A visible GIMP with a picture and a selection."""
    process = gimp.start(OPEN.format(path=picture, ellipse=ellipse), display)
    try:
        yield Screen(display)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=10)
        process.kill()


def choose_smart_matte(screen: Screen, window: str) -> str:
    """Look into the Filters menu, then start Smart Matte by GIMP's search; return its dialog."""
    screen.press(window, "alt+r")
    screen.shoot("gimp2-menu.png")
    screen.do("key", "Escape", "Escape")
    screen.press(window, "slash")
    search = screen.window("Search Actions")
    screen.do("type", "--window", search, "--delay", "50", "Smart Matte")
    time.sleep(1)  # for the search to find it
    screen.shoot("gimp2-search.png")
    screen.do("key", "Return")
    return screen.window("Smart Matte|script-fu-matteplug", limit_s=60)


def test_menu_dialog_result_and_undo(tmp_path: Path, display: str) -> None:
    gimp = Gimp2(tmp_path)
    y, x = np.mgrid[:240, :320].astype(np.uint8)
    picture = tmp_path / "picture.png"
    files.write(picture, np.stack([x, y, np.full_like(x, 128)], axis=-1))
    with opened(gimp, picture, "60 40 180 150", display) as screen:
        window = screen.window("1 layer.*GIMP")
        dialog = choose_smart_matte(screen, window)
        screen.shoot("gimp2-dialog.png")
        screen.press(dialog, "alt+o")
        window = screen.window("2 layers.*GIMP", limit_s=60)
        screen.shoot("gimp2-result.png")
        screen.press(window, "ctrl+z")
        screen.window("1 layer.*GIMP", limit_s=20)
        screen.shoot("gimp2-undone.png")
