"""The flags that say what is made and how: those that ``matteplug batch`` and ``cut`` share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matteplug import flags, options
from matteplug.errors import EngineError, RequestError
from matteplug.options import Option
from matteplug.result import Matte
from matteplug.types import CancelToken, MatteOptions, MatteRequest, Progress
from matteplug_batch import chosen, config
from matteplug_batch.display_text import name
from matteplug_batch.job import OutputOptions, Settings

GUIDES = """\
Guides are found by their names.  For NAME.jpg these are NAME_trimap.png (black background,
white foreground, gray unknown), NAME_mask.png (a selection), NAME_plate.png or the folder's
plate.png (the same view without the foreground).  The first guide found, in this order, is
used; it decides the network."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    add = parser.add_argument
    flags.add(parser, described())
    add(
        "--require-ep",
        type=text,
        metavar="ID",
        help="stop unless this execution provider does the work",
    )
    add("--dry-run", action="store_true", help="say what would be done, and do nothing")
    add("--quiet", action="store_true", help="print only what failed")


def path(given: str) -> Path:
    """Return an argument as a path."""
    return Path(text(given))


def text(given: str) -> str:
    """Refuse an empty argument, such as an unset variable: as a path it is the current folder."""
    if not given:
        raise argparse.ArgumentTypeError("it is empty")
    return given


def settings(args: argparse.Namespace, folder: Path, suffix: str | None = None) -> Settings:
    """Return what the flags and the files of options ask for, checked before any work.

    Args:
        args: of the command line.
        folder: where the pictures are.
        suffix: of the one result that was named; else there is an option.

    Raises:
        RequestError: two of them contradict each other, or the backdrop is neither a colour nor a
            picture.
        NetworkError: there is no network of the given name, or it may not be used commercially.
        EngineError: there is no execution provider of the given name.
    """
    values = _chosen(args, folder)
    values["provider"] = provider(values["provider"], args.require_ep)
    return chosen.settings(values, suffix)


def described() -> list[Option]:
    """Return every option of the commands."""
    classes = (MatteRequest, OutputOptions, MatteOptions)
    return [one for cls in classes for one in options.of(cls) if one.offered_by("batch")]


def matte(args: argparse.Namespace) -> Callable[[MatteRequest, Progress, CancelToken], Matte]:
    """Return the recipe; it fails on any other provider if one is required."""
    from matteplug import api

    required = args.require_ep

    def matte(request: MatteRequest, progress: Progress, cancel: CancelToken) -> Matte:
        result = api.run(request, progress=progress, cancel=cancel)
        if required is not None and result.provider != required:
            raise EngineError(
                "provider-not-used",
                f"The work was done by {result.provider}, not by {required}.",
                "Run: matteplug doctor",
            )
        return result

    return matte


def _chosen(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return the options' values by name, and say which come from files."""
    given = flags.given(args, described())
    settled = [one for one in config.settled(described(), folder) if one.option.name not in given]
    by_file: dict[Path, list[str]] = {}
    for one in settled:
        if one.source is not None:
            by_file.setdefault(one.source, []).append(one.option.name)
    for path, names in () if args.quiet else by_file.items():
        print(f"Options from {name(path)}: {', '.join(names)}.", file=sys.stderr)
    return given | {one.option.name: one.value for one in settled}


def provider(asked: str, required: str | None = None) -> str:
    """Return the execution provider to ask for, or "auto".

    Args:
        asked: as given by a flag.
        required: another flag's, which has to do the work.

    Raises:
        EngineError: there is none of that name.
        RequestError: two contradict each other.
    """
    from matteplug.runtime import providers

    if required is None:
        return asked if asked == "auto" else providers.named(asked).id
    if asked not in ("auto", required):
        raise RequestError(
            "two-providers",
            f"--provider {asked} and --require-ep {required} contradict each other.",
            "Use only one.",
        )
    return providers.named(required).id
