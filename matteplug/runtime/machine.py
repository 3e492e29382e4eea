"""The machine's processor cores."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_CPU_FOLDER = Path("/sys/devices/system/cpu")
_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def physical_cores() -> int:
    """Count the physical cores that this process may use, at least 1.

    Two hyper-threads of one core share its arithmetic units, so a thread more than this only costs
    time. A container's quota counts as well.  Where the system does not tell, every logical core
    counts.
    """
    allowed = _allowed_cpus()
    siblings = {_siblings(cpu) for cpu in allowed}
    return max(1, min(len(siblings), _quota()))


def _allowed_cpus() -> set[int]:
    if sys.platform == "linux":
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))


def _siblings(cpu: int) -> str:
    """Return a name for the core that `cpu` belongs to."""
    try:
        return (_CPU_FOLDER / f"cpu{cpu}/topology/thread_siblings_list").read_text().strip()
    except OSError:
        return str(cpu)


def _quota() -> int:
    """Return how many cores the control group grants, rounded up."""
    try:
        quota, period = _CGROUP_QUOTA.read_text().split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError):  # no control groups, or "max": no limit
        return sys.maxsize
