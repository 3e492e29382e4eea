"""``matteplug config``: every option of ``cut`` and ``batch``, its value, and what sets it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from matteplug import listing
from matteplug.flags import flag
from matteplug_batch import config, settings_flags
from matteplug_batch.display_text import name


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "folder",
        nargs="?",
        type=settings_flags.path,
        default=Path("."),
        metavar="FOLDER",
        help="folder of pictures, whose matteplug.toml counts too (.)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print the options and return the exit status.

    Raises:
        RequestError: a file of options cannot be used.
    """
    settled = config.settled(settings_flags.described(), args.folder)
    if args.json:
        entries = {
            one.option.name: {"value": one.value, "source": one.source and str(one.source)}
            for one in settled
        }
        print(json.dumps(entries, indent=2, ensure_ascii=False))
        return 0
    for path in config.files(args.folder):
        state = "read" if path.is_file() else "not there"
        print(f"{name(path)}: {state}", file=sys.stderr)
    rows = [
        (
            one.option.name,
            flag(one.option),
            name(one.source) if one.source else "default",
            (one.value is None and one.option.automatic)
            or json.dumps(one.value, ensure_ascii=False),
        )
        for one in settled
    ]
    listing.show(("option", "flag", "set by", "value"), rows)
    return 0
