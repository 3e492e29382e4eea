"""GIMP as a host; the half that lives in GIMP is the folder ``gimp3``, copied there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matteplug.hookspecs import hookimpl
from matteplug.host import HostSpec
from matteplug_gimp.install import WAYS


@hookimpl
def matteplug_hosts() -> Iterable[HostSpec[Any]]:
    """Return GIMP 3, whose buffers say themselves what they are."""
    return [
        HostSpec(
            id="gimp3",
            title="GIMP 3",
            adapter="matteplug.wire:WireAdapter",
            ways=WAYS,
            install="matteplug_gimp.install:files",
            check="matteplug_gimp.check:check",
        )
    ]
