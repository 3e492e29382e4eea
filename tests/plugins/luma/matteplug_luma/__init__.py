"""A third party's network in one package: everything bright is foreground."""

from pathlib import Path

from matteplug.hookspecs import hookimpl
from matteplug.network import NetworkSpec
from matteplug.weights import read_manifest


@hookimpl
def matteplug_networks() -> list[NetworkSpec]:
    """Return the one network of this package."""
    return [read_manifest(Path(__file__).with_name("luma.json"))]
