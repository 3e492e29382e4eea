"""Pictures from the command line: ``matteplug cut PHOTO``, ``matteplug batch FOLDER``."""

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
    """Return the commands ``cut``, ``batch`` and ``config``."""
    return [
        Command(
            name="cut",
            help="Cut out a picture, or several.",
            configure=_configure_cut,
            run=_run_cut,
            examples=(
                "matteplug cut photo.jpg                      # writes photo_cutout.png",
                "matteplug cut photo.jpg -o result.webp       # the suffix is the format",
                "matteplug cut *.jpg -o cutouts/              # several, into a folder",
                "cat photo.jpg | matteplug cut - > out.png    # through a pipe",
            ),
        ),
        Command(
            name="batch",
            help="Cut out every picture in a folder and its subfolders.",
            configure=_configure_batch,
            run=_run_batch,
            examples=(
                "matteplug batch photos                    # cutouts into photos-matte",
                "matteplug batch photos --resume           # only what is not done yet",
                "matteplug batch photos --watch            # and whatever comes in, until Ctrl-C",
                "matteplug batch photos --backdrop white   # over white, into photos-matte",
                "matteplug batch photos --output alpha --out alphas",
            ),
        ),
        Command(
            name="config",
            help="Show the options of cut and batch, and the files that set them.",
            configure=_configure_config,
            run=_run_config,
            examples=("matteplug config photos    # and what photos/matteplug.toml sets",),
        ),
    ]


def _configure_batch(parser: argparse.ArgumentParser) -> None:
    from matteplug_batch.command import configure

    configure(parser)


def _run_batch(arguments: argparse.Namespace) -> int:
    from matteplug_batch.command import run

    return run(arguments)


def _configure_cut(parser: argparse.ArgumentParser) -> None:
    from matteplug_batch.cut import configure

    configure(parser)


def _run_cut(arguments: argparse.Namespace) -> int:
    from matteplug_batch.cut import run

    return run(arguments)


def _configure_config(parser: argparse.ArgumentParser) -> None:
    from matteplug_batch.config_command import configure

    configure(parser)


def _run_config(arguments: argparse.Namespace) -> int:
    from matteplug_batch.config_command import run

    return run(arguments)
