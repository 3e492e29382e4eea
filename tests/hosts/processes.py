"""Processes by their words, and whether they live."""

from __future__ import annotations

import time
from pathlib import Path

import pytest


def find(*words: str, root: Path = Path("/"), limit_s: float = 60.0) -> int:
    """Wait for a process with one of these words on its command line, and return its id.

    It is one whose root folder is `root`: that of the machine, or a chroot.
    """
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                inside = entry.with_name("root").samefile(root)
            except OSError:
                continue
            if inside and any(word in line for word in words):
                return int(entry.parent.name)
        time.sleep(0.1)
    pytest.fail(f"no process {words}")


def ends(process: int, limit_s: float) -> bool:
    """Tell whether a process ends in time; it may still wait for its parent to notice."""
    end = time.monotonic() + limit_s
    while _runs(process):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
