"""The extension points: one hook each for networks, families, hosts and commands.

A plug-in is a distribution with an entry point in the group ``matteplug`` that names a module (or
object) with functions marked ``@hookimpl``.  Everything built in uses the same hooks.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pluggy

from matteplug import fields
from matteplug.host import HostSpec
from matteplug.network import FamilySpec, NetworkSpec

__all__ = ["GROUP", "Command", "hookimpl", "hookspec"]

GROUP = "matteplug"
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@dataclass(frozen=True, kw_only=True)
class Command:
    """A subcommand of ``matteplug``.

    Attributes:
        name: the word on the command line.
        help: one line.
        configure: adds arguments to the parser.
        run: does the work and returns the exit status.
        examples: commands that the help ends with, each on a line, perhaps with a ``# remark``; the
            help of an action ("matteplug hosts install") shows those that begin with it.
    """

    name: str
    help: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    examples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the fields.

        Raises:
            TypeError, ValueError: one has another type or form.
        """
        fields.name(self.name, "command name")
        fields.line(self.help, "help")
        for example in self.examples:
            fields.line(example, "example")
        for name in ("configure", "run"):
            if not callable(getattr(self, name)):
                raise TypeError(f"{name} must be a function")


@hookspec
def matteplug_networks() -> Iterable[NetworkSpec]:  # type: ignore[empty-body]
    """Return the networks that this plug-in provides."""


@hookspec
def matteplug_families() -> Iterable[FamilySpec]:  # type: ignore[empty-body]
    """Return the network families that this plug-in can build, train and export."""


@hookspec
def matteplug_hosts() -> Iterable[HostSpec[Any]]:  # type: ignore[empty-body]
    """Return the hosts that this plug-in provides."""


@hookspec
def matteplug_commands() -> Iterable[Command]:  # type: ignore[empty-body]
    """Return the subcommands that this plug-in provides."""
