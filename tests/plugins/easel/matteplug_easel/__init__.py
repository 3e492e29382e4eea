"""Easel as a host of matteplug."""

from pathlib import Path
from typing import Any

from matteplug.hookspecs import hookimpl
from matteplug.host import HostSpec
from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation
from matteplug.hosting.packaging import LINUX, MACOS, WINDOWS, Packaging

SPEC: HostSpec[Any] = HostSpec(
    id="easel",
    title="Easel",
    adapter="matteplug_easel.adapter:EaselAdapter",
    packagings=tuple(
        Packaging(system=system, folders=("~/.easel/plug-ins",), programs=("easel",))
        for system in (LINUX, WINDOWS, MACOS)
    ),
    install="matteplug_easel:files",
)


@hookimpl
def matteplug_hosts() -> list[HostSpec[Any]]:
    """Return the one host of this package."""
    return [SPEC]


def files(installation: Installation) -> HostFiles:
    """Return the half that lives in Easel, and the folder where it goes."""
    source = Path(__file__).parent / "plug_in" / "smart_matte.py"
    return HostFiles(host=SPEC.id, folder=installation.folder / source.stem, sources=(source,))
