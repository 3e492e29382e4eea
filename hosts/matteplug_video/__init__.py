"""Videos: ``matteplug video IN OUT``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from matteplug.hookspecs import Command, hookimpl


@hookimpl
def matteplug_commands() -> Iterable[Command]:
    """Return the command ``video``."""
    return [
        Command(
            name="video",
            help="Cut out every frame of a video, with a clean plate or without a guide.",
            configure=_configure,
            run=_run,
            examples=(
                "matteplug video talk.mp4 talk.mov --plate empty-room.png   # ProRes 4444",
                "matteplug video talk.mp4 frames/                           # a PNG for each frame",
            ),
        )
    ]


def _configure(parser: argparse.ArgumentParser) -> None:
    from matteplug_video.command import configure

    configure(parser)


def _run(arguments: argparse.Namespace) -> int:
    from matteplug_video.command import run

    return run(arguments)
