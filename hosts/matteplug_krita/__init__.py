"""Krita; what runs in Krita is in ``plug_in``, copied there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matteplug.hookspecs import hookimpl
from matteplug.host import HostSpec
from matteplug_krita.install import PACKAGINGS


@hookimpl
def matteplug_hosts() -> Iterable[HostSpec[Any]]:
    """Return Krita, whose pixels may be linear."""
    return [
        HostSpec(
            id="krita",
            title="Krita",
            adapter="matteplug_krita.adapter:KritaAdapter",
            packagings=PACKAGINGS,
            install="matteplug_krita.install:files",
            check="matteplug_krita.check:check",
        )
    ]
