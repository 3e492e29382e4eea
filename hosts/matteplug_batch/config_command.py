"""``matteplug config``: every option of ``cut`` and ``batch``, its value, and what sets it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from matteplug.flags import flag
from matteplug_batch import config, settings_flags
from matteplug_batch.display_text import line, name


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
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, markup=False)
    for path in config.files(args.folder):
        console.print(f"{name(path)}: {'read' if path.is_file() else 'not there'}", soft_wrap=True)
    table = Table("option", "value", "set by", "flag")
    for one in settled:
        default = one.value is None and one.option.automatic
        table.add_row(
            one.option.name,
            Text(line(default or json.dumps(one.value, ensure_ascii=False)), overflow="fold"),
            Text(name(one.source) if one.source else "default", overflow="fold"),
            flag(one.option),
        )
    console.print(table)
    return 0
