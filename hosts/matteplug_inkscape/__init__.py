"""Inkscape; what runs in Inkscape is in ``plug_in``, copied there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matteplug.hookspecs import hookimpl
from matteplug.host import HostSpec
from matteplug_inkscape.install import PACKAGINGS


@hookimpl
def matteplug_hosts() -> Iterable[HostSpec[Any]]:
    """Return Inkscape, whose pictures are files within its drawings."""
    return [
        HostSpec(
            id="inkscape",
            title="Inkscape",
            adapter="matteplug_inkscape.adapter:InkscapeAdapter",
            packagings=PACKAGINGS,
            install="matteplug_inkscape.install:files",
            check="matteplug_inkscape.check:check",
        )
    ]
