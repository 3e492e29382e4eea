"""Other programs over HTTP: ``matteplug serve``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from matteplug.hookspecs import Command, hookimpl


@hookimpl
def matteplug_commands() -> Iterable[Command]:
    """Return the command ``serve``."""
    return [
        Command(
            name="serve",
            help="Cut out pictures for other programs, over HTTP.",
            configure=_configure,
            run=_run,
            examples=(
                "matteplug serve                                # for this machine only",
                "curl -F image=@photo.jpg http://127.0.0.1:8000/cutout -o cutout.png",
                "matteplug serve --host 0.0.0.0 --token-file token.txt",
            ),
        )
    ]


def _configure(parser: argparse.ArgumentParser) -> None:
    from matteplug_serve.command import configure

    configure(parser)


def _run(arguments: argparse.Namespace) -> int:
    from matteplug_serve.command import run

    return run(arguments)
