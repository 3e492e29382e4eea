"""Cuts the tests off from other machines; this one (localhost) stays.

For root on Linux this process and all that it starts move to a network of their own, which holds
nothing but the loopback.  Elsewhere, and for a clearer message, the connections and look-ups that
Python makes in this process are refused.
"""

from __future__ import annotations

import ctypes
import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Any

_OUTSIDE = "MATTEPLUG_TEST_OUTSIDE"
"""Variable that names the network that was left, for processes that are inside already."""
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP


def cut_off() -> None:
    """Do so, for this process and what it starts from now on."""
    sys.addaudithook(_refuse)
    if sys.platform == "linux" and _OUTSIDE not in os.environ:
        outside = os.open("/proc/self/ns/net", os.O_RDONLY)
        if _moved():
            os.environ[_OUTSIDE] = f"/proc/{os.getpid()}/fd/{outside}"


def children_are_cut_off() -> bool:
    """Tell whether what these tests start is cut off, too."""
    return _OUTSIDE in os.environ


def outside(command: Sequence[Any]) -> list[Any]:
    """Return a command that runs in the network that was left: to set up a machine, not to test."""
    if _OUTSIDE not in os.environ:
        return [*command]
    return ["nsenter", f"--net={os.environ[_OUTSIDE]}", *command]


def _moved() -> bool:
    """Move to a network without other machines; False where that is not allowed."""
    import fcntl  # not on Windows

    if os.geteuid() != 0 or ctypes.CDLL(None).unshare(_NEW_NETWORK) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH", b"lo", 0)
        (flags,) = struct.unpack_from("H", fcntl.ioctl(control, _GET_FLAGS, request.ljust(40)), 16)
        fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sH", b"lo", flags | _UP).ljust(40))
    return True


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        _check(arguments[0])
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        _check(arguments[1][0])


def _check(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return
    try:
        inside = ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise PermissionError(f"a test wants to reach another machine: {name}")
