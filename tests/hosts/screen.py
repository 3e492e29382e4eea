"""What a person sees and presses on an X display; needs xdotool.

MATTEPLUG_SCREENSHOTS names a folder for pictures (these need ImageMagick's ``import``).
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest


class Screen:
    """A display with a window manager."""

    def __init__(self, display: str) -> None:
        self._environment = {**os.environ, "DISPLAY": display}

    def do(self, *words: str) -> str:
        command = ["xdotool", *words]
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=False
        )
        return done.stdout

    def seen(self, title: str, limit_s: float) -> str:
        """Wait for a window whose title matches, and return its id, or "" where there is none."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if found := self.do("search", "--onlyvisible", "--name", title).split():
                return found[-1]
            time.sleep(0.1)
        return ""

    def window(self, title: str, limit_s: float = 200.0) -> str:
        """Return the id of a window that has to appear."""
        if found := self.seen(title, limit_s):
            return found
        shown = self.do("search", "--onlyvisible", "--name", ".").split()
        titles = [self.do("getwindowname", window).strip() for window in shown]
        focus = self.do("getwindowfocus", "getwindowname").strip()
        pytest.fail(f"no window {title} among {titles}; the keys go to {focus!r}")

    def gone(self, window: str, limit_s: float = 20.0) -> None:
        """Wait until a window is not shown any more."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if window not in self.do("search", "--onlyvisible", "--name", ".").split():
                return
            time.sleep(0.1)
        pytest.fail(f"window {window} stays")

    def press(self, window: str, *keys: str) -> None:
        self.do("windowactivate", "--sync", window)
        time.sleep(0.5)
        for key in keys:
            self.do("key", key)

    def click(self, window: str, from_corner: tuple[int, int]) -> None:
        """Click at a place that is told from the lower right corner of a window."""
        said = self.do("getwindowgeometry", "--shell", window)
        at = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", said)}
        x, y = at["X"] + at["WIDTH"] + from_corner[0], at["Y"] + at["HEIGHT"] + from_corner[1]
        self.do("mousemove", str(x), str(y), "click", "1")

    def choose_last(self, window: str, menu: str, dialog: str) -> str:
        """Choose the last entry of the menu that a key opens, and return the dialog that it brings.

        A window that is new or busy loses keys at times: then once more.
        """
        for _ in range(3):
            self.press(window, menu, "Up", "Return")
            if found := self.seen(dialog, limit_s=20):
                return found
            self.do("key", "Escape", "Escape")
        return self.window(dialog, limit_s=1)

    def shoot(self, name: str) -> None:
        """Take a picture of GIMP's window and what is before it, if there is a folder for it."""
        if folder := os.environ.get("MATTEPLUG_SCREENSHOTS"):
            self.do("mousemove", "1270", "890")  # away, or tips appear
            time.sleep(3)
            command = ["import", "-window", "root", "-crop", "985x685+0+0", "-resize", "760x"]
            subprocess.run(
                [*command, "-quality", "78", str(Path(folder) / name)],
                env=self._environment,
                check=True,
            )
