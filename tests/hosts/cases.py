"""An editor that stays and goes through cases when asked: starting one takes longer than most.

The driver in it (gimp2_batch.py, gimp3_batch.py, krita_batch.py) takes cases.json and writes
report.json until the file "stop" ends it; see serving.py.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

SLOW = {"size": [9, 12], "at": [10, 10]}
"""A case over which the fake engine takes a minute."""


class Cases:
    """Cases and reports of the editor that `start` starts; it writes what it says to `said`."""

    def __init__(self, folder: Path, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        """Start nothing yet."""
        self._folder = folder
        self._start = start
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self, cases: Mapping[str, Any]) -> None:
        """Have it go through cases."""
        (self._folder / "report.json").unlink(missing_ok=True)
        part = self._folder / "cases.part"
        part.write_text(json.dumps(cases))
        part.rename(self._folder / "cases.json")
        if self._process is None:
            (self._folder / "stop").unlink(missing_ok=True)
            self._process = self._start()

    def reports(self, limit_s: float = 500.0) -> dict[str, Any]:
        """Wait for the reports of the cases that were begun."""
        assert self._process is not None
        path, end = self._folder / "report.json", time.monotonic() + limit_s
        while not path.exists():
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.02)
        told: dict[str, Any] = json.loads(path.read_text())
        return told

    def run(self, cases: Mapping[str, Any]) -> dict[str, Any]:
        """Go through cases and return their reports."""
        self.begin(cases)
        return self.reports()

    def said(self) -> str:
        """Return what it has said so far."""
        return (self._folder / "said").read_text(errors="replace")

    def kill(self) -> None:
        """Have it crash."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def close(self) -> None:
        """End it."""
        if self._process is None:
            return
        (self._folder / "stop").touch()
        try:
            self._process.wait(timeout=20)
        finally:
            self._process.kill()
            self._process.wait()
            self._process = None


def line(path: Path, number: int, limit_s: float = 200.0) -> str:
    """Wait for a file's line of that number."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError):
            lines = path.read_text().splitlines(keepends=True)
            if len(lines) > number and lines[number].endswith("\n"):
                return lines[number]
        time.sleep(0.05)
    pytest.fail(f"no line {number} in {path.name}")
