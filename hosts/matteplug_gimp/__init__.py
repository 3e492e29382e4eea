"""GIMP 3 and GIMP 2.10; what runs in GIMP is in ``plug_in``, copied there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matteplug.hookspecs import hookimpl
from matteplug.host import HostSpec
from matteplug_gimp import install_gimp2, install_gimp3


@hookimpl
def matteplug_hosts() -> Iterable[HostSpec[Any]]:
    """Return both GIMPs, whose buffers need no adapter of their own."""
    return [
        HostSpec(
            id="gimp3",
            title="GIMP 3",
            adapter="matteplug.wire:WireAdapter",
            packagings=install_gimp3.PACKAGINGS,
            install="matteplug_gimp.install_gimp3:files",
            check="matteplug_gimp.check_gimp3:check",
        ),
        HostSpec(
            id="gimp2",
            title="GIMP 2.10",
            adapter="matteplug.wire:WireAdapter",
            packagings=install_gimp2.PACKAGINGS,
            install="matteplug_gimp.install_gimp2:files",
            check="matteplug_gimp.check_gimp2:check",
        ),
    ]
