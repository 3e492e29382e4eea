"""Smart Matte in a visible GIMP 2.10: menu entry, dialog, result, one step back, and Cancel.

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

from matteplug.images import files

from . import processes
from .cases import Cases, line
from .run_gimp2 import Gimp2
from .screen import Screen

pytestmark = [pytest.mark.host, pytest.mark.timeout(600), pytest.mark.xdist_group("gimp2")]

OPEN = """
(let ((image (car (gimp-file-load RUN-NONINTERACTIVE "{path}" "{path}"))))
  (gimp-image-select-ellipse image CHANNEL-OP-REPLACE {ellipse})
  (gimp-display-new image))
"""
SERVE = "(plug-in-matteplug-test RUN-NONINTERACTIVE)"
DIALOG = "Script-Fu: Smart Matte"
CANCEL_AT = (-249, -38)
"""Where Cancel is, from the lower right corner of GIMP's window."""


@contextmanager
def opened(gimp: Gimp2, pictures: dict[Path, str], display: str) -> Iterator[Cases]:
    """A visible GIMP with pictures, and in each an elliptic selection; it takes cases too."""
    scripts = [OPEN.format(path=path, ellipse=ellipse) for path, ellipse in pictures.items()]
    process = gimp.start(f"(begin {' '.join(scripts)} {SERVE})", display)
    try:
        yield Cases(gimp.folder, lambda: process)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()
        process.wait()


def press_cancel(screen: Screen, window: str, worker: int) -> bool:
    """Press Cancel beside the progress in GIMP's window, and tell whether it ends the worker."""
    screen.click(window, CANCEL_AT)
    return processes.ends(worker, limit_s=2)


def test_menu_dialog_result_undo_and_cancel(tmp_path: Path, display: str) -> None:
    gimp = Gimp2(tmp_path)
    y, x = np.mgrid[:240, :320].astype(np.uint8)
    picture, slow = tmp_path / "picture.png", tmp_path / "slow.png"
    files.write(picture, np.stack([x, y, np.full_like(x, 128)], axis=-1))
    files.write(slow, np.zeros((12, 9, 3), np.uint8))  # the fake engine takes a minute over it
    screen, others = Screen(display), ("layer-mask", "new-layer-with-mask", "selection")
    with opened(gimp, {slow: "2 3 5 6", picture: "60 40 180 150"}, display) as cases:
        window = screen.window("picture.*1 layer.*GIMP")
        screen.press(window, "alt+r")
        screen.shoot("gimp2-menu.png")
        screen.do("key", "Escape", "Escape")
        dialog = screen.choose_last(window, "alt+r", DIALOG)
        screen.shoot("gimp2-dialog.png")
        screen.press(dialog, "Escape")
        assert not screen.seen("GIMP Message", limit_s=1)
        screen.press(screen.choose_last(window, "alt+r", DIALOG), "alt+o")
        window = screen.window("2 layers.*GIMP", limit_s=60)
        screen.shoot("gimp2-result.png")
        screen.press(window, "ctrl+z")
        window = screen.window("1 layer.*GIMP", limit_s=20)
        screen.shoot("gimp2-undone.png")

        screen.press(window, "alt+1")
        window = screen.window("slow.*GIMP", limit_s=20)
        (tmp_path / "python.pid").unlink()
        screen.press(window, "ctrl+f")  # the dialog takes no Cancel, but Repeat does without one
        worker = gimp.worker_id()
        time.sleep(1.5)
        screen.shoot("gimp2-cancel.png")
        # on a busy machine the button comes late: a person would press it again
        assert any(press_cancel(screen, window, worker) for _ in range(10))
        assert screen.window("slow.*1 layer.*GIMP", limit_s=5)

        cases.begin({"others": {"undone": others}})
        for number in range(len(others)):
            assert line(tmp_path / "finished", number) == "success\n"
            window = screen.window("60x40.*GIMP", limit_s=20)
            if number == 0:
                screen.press(window, "alt+e")
                screen.shoot("gimp2-undo.png")
                screen.do("key", "Escape", "Escape")
            screen.press(window, "ctrl+z")
        report = cases.reports(limit_s=60)["others"]
        for output in others:
            assert report[output] == [True, True], "changed, and taken back by one step"
