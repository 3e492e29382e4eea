"""The policy for untrusted pictures: how large they may be, and what opening one may cost.

| limit | option | environment variable | default |
|---|---|---|---|
| area in megapixels | max_area_megapixels | MATTEPLUG_MAX_MEGAPIXELS | 400 |
| longer side in pixels | max_side_px | MATTEPLUG_MAX_SIDE_PX | 65535 |
| memory in MiB | max_memory_mib | MATTEPLUG_MAX_MEMORY_MIB | 1280, at most ¼ of the machine's |
| processor time in seconds | max_time_seconds | MATTEPLUG_MAX_SECONDS | 9 |

Size and memory are judged by the header, before anything is decoded.  While it is, `decoder` has
the system enforce memory (on Linux) and processor time (not on Windows), and ends what takes longer
than a minute on the clock.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from matteplug.errors import RequestError
from matteplug.types import MatteOptions, Size

_MEMORY_MIB = 1280.0
_MACHINE_FRACTION = 0.25
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a picture file may cost.

    Attributes:
        megapixels: largest area.
        side_px: longest side.
        memory_mib: what decoding may take.
        seconds: processor time that decoding may take, whatever else the machine does.
    """

    megapixels: float
    side_px: float
    memory_mib: float
    seconds: float

    @classmethod
    def current(cls, options: MatteOptions | None = None) -> Policy:
        """Return the policy that options, environment and machine set, in this order.

        Raises:
            RequestError: a variable is not a positive number ("option-limit").
        """
        given = options or MatteOptions()
        return cls(
            megapixels=given.max_area_megapixels or _variable("MATTEPLUG_MAX_MEGAPIXELS", 400.0),
            side_px=given.max_side_px or _variable("MATTEPLUG_MAX_SIDE_PX", 65535.0),
            memory_mib=given.max_memory_mib
            or _variable("MATTEPLUG_MAX_MEMORY_MIB", 0.0)
            or _default_memory_mib(),
            seconds=given.max_time_seconds or _variable("MATTEPLUG_MAX_SECONDS", 9.0),
        )

    def check(self, size: Size, bytes_per_pixel: float, name: str) -> None:
        """Refuse a picture that is too large.

        Args:
            size: what its header says.
            bytes_per_pixel: what decoding takes at its peak.
            name: what errors call it.

        Raises:
            RequestError: it is ("image-too-large").
        """
        memory_mib = size.width * size.height * bytes_per_pixel / 2**20
        if max(size) > self.side_px:
            raise _too_large(
                f"The picture {name} is {size} pixels; sides over {self.side_px:g} are refused.",
                "MATTEPLUG_MAX_SIDE_PX",
            )
        if size.megapixels > self.megapixels:
            raise _too_large(
                f"The picture {name} has {size.megapixels:.0f} megapixels; more than "
                f"{self.megapixels:g} are refused.",
                "MATTEPLUG_MAX_MEGAPIXELS",
            )
        if memory_mib > self.memory_mib:
            raise _too_large(
                f"The picture {name} is {size} pixels, which takes {memory_mib:.0f} MiB to open; "
                f"more than {self.memory_mib:.0f} are refused.",
                "MATTEPLUG_MAX_MEMORY_MIB",
            )


def _too_large(message: str, variable: str) -> RequestError:
    return RequestError(
        "image-too-large", message, f"Scale it down, or raise the environment variable {variable}."
    )


def _variable(name: str, default: float) -> float:
    text = os.environ.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf") or (text and value == 0):
        raise RequestError(
            "option-limit",
            f"{name} is “{text}”, which is not a number above 0.",
            "Set it to a number, or unset it.",
        )
    return value


def _default_memory_mib() -> float:
    return min(_MEMORY_MIB, _MACHINE_FRACTION * _machine_bytes() / 2**20)


def _machine_bytes() -> float:
    """Return the memory of the machine, or of the cgroup that this process may use."""
    sizes = [_physical_bytes()]
    for path in _CGROUPS:
        try:
            text = Path(path).read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            sizes.append(float(text))
    return min(sizes)


def _physical_bytes() -> float:
    if sys.platform == "win32":
        import ctypes

        status = (ctypes.c_ulonglong * 8)(64)  # MEMORYSTATUSEX: length and load, then totals
        ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return float(status[1])
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
