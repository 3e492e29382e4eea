"""Whole folders of pictures from the command line: ``matteplug batch FOLDER``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from matteplug.hookspecs import Command, hookimpl
from matteplug.host import HostSpec


@hookimpl
def matteplug_hosts() -> Iterable[HostSpec[Any]]:
    """Return the folder of pictures as a host."""
    return [
        HostSpec(
            id="batch",
            title="Folders of pictures",
            adapter="matteplug_batch.adapter:FolderAdapter",
        )
    ]


@hookimpl
def matteplug_commands() -> Iterable[Command]:
    """Return the command ``batch``."""
    return [
        Command(
            name="batch",
            help="Cut out every picture in a folder and its subfolders.",
            configure=_configure,
            run=_run,
            examples=(
                "matteplug batch photos                    # cutouts into photos-matte",
                "matteplug batch photos --resume           # only what is not done yet",
                "matteplug batch photos --backdrop white   # over white, into photos-matte",
                "matteplug batch photos --output alpha --out alphas",
            ),
        )
    ]


def _configure(parser: argparse.ArgumentParser) -> None:
    from matteplug_batch.command import configure

    configure(parser)


def _run(arguments: argparse.Namespace) -> int:
    from matteplug_batch.command import run

    return run(arguments)
