"""Smart Matte in a visible GIMP 3: the dialog, the result, and one step back.

Needs Xvfb, openbox and xdotool.  MATTEPLUG_SCREENSHOTS names a folder for pictures of it (these
need ImageMagick's ``import``).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matteplug import files

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]

Start = Callable[..., "subprocess.Popen[bytes]"]


class Screen:
    """What a person sees and presses."""

    def __init__(self, display: str) -> None:
        self._environment = {**os.environ, "DISPLAY": display}

    def do(self, *words: str) -> str:
        command = ["xdotool", *words]
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=False
        )
        return done.stdout

    def window(self, title: str, limit_s: float = 120.0) -> str:
        """Wait for a window whose title matches, and return its id."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if found := self.do("search", "--onlyvisible", "--name", title).split():
                return found[-1]
            time.sleep(0.2)
        pytest.fail(f"no window {title}")

    def press(self, window: str, key: str) -> None:
        self.do("windowactivate", "--sync", window)
        time.sleep(0.5)
        self.do("key", key)

    def shoot(self, name: str) -> None:
        if folder := os.environ.get("MATTEPLUG_SCREENSHOTS"):
            time.sleep(1)
            target = str(Path(folder) / name)
            subprocess.run(["import", "-window", "root", target], env=self._environment, check=True)


def told(report: Path, limit_s: float = 60.0) -> dict[str, Any]:
    """Return what GIMP's script reports; it does so after the window shows the result."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            said: dict[str, Any] = json.loads(report.read_text())
            return said
        time.sleep(0.1)
    pytest.fail(f"no {report.name}")


def test_dialog_result_and_undo(folder: Path, start_gimp: Start, display: str) -> None:
    y, x = np.mgrid[:240, :320].astype(np.uint8)
    files.write(folder / "picture.png", np.stack([x, y, np.full_like(x, 128)], axis=-1))
    (folder.parent / "gimp" / "gimprc").write_text(
        '(show-welcome-dialog no)\n(check-updates no)\n(config-version "3.0.4")\n'
    )
    report = folder / "window.json"
    report.unlink(missing_ok=True)
    screen = Screen(display)
    process = start_gimp("gimp3_window.py", program="gimp-3.0", display=display)
    try:
        dialog = screen.window("^Smart Matte$")
        screen.shoot("gimp3-dialog.png")
        screen.press(dialog, "Return")
        window = screen.window("2 layers.*GIMP")
        screen.shoot("gimp3-result.png")
        said = told(report)
        assert said["status"] == "success", said
        assert said["layers"][0].endswith(" matte")
        assert said["label"].replace("_", "") == "Smart Matte..."
        assert said["paths"] == ["<Image>/Filters"]
        screen.press(window, "ctrl+z")
        screen.window("1 layer.*GIMP", limit_s=20)
        screen.shoot("gimp3-undone.png")
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=10)
        process.kill()
