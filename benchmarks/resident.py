"""A process's memory in MiB: current, and its peak since a reset (Linux)."""

from __future__ import annotations

from pathlib import Path


def now_mib() -> float:
    """Return this process's resident memory."""
    return _mib("VmRSS", "self")


def peak_mib(process: str = "self") -> float:
    """Return the peak of the resident memory, since the start or the last `forget_peak`."""
    return _mib("VmHWM", process)


def forget_peak() -> None:
    """Reset this process's peak to its current resident memory."""
    Path("/proc/self/clear_refs").write_text("5")


def _mib(name: str, process: str) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))
