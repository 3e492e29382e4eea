"""Easel as a host of matteplug."""

from pathlib import Path
from typing import Any

from matteplug.hookspecs import hookimpl
from matteplug.host import HostSpec
from matteplug.host_files import HostFiles

SPEC: HostSpec[Any] = HostSpec(
    id="easel",
    title="Easel",
    adapter="matteplug_easel.adapter:EaselAdapter",
    install="matteplug_easel:files",
)


@hookimpl
def matteplug_hosts() -> list[HostSpec[Any]]:
    """Return the one host of this package."""
    return [SPEC]


def files(plug_ins: Path | None = None) -> HostFiles:
    """Return the half that lives in Easel, and the folder where it goes."""
    plug_ins = plug_ins or Path.home() / ".easel" / "plug-ins"
    source = Path(__file__).parent / "plug_in" / "smart_matte.py"
    return HostFiles(folder=plug_ins / source.stem, sources=(source,))
