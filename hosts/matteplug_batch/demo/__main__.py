"""``python -m matteplug_batch.demo [FOLDER]``: cut the demo's photographs out and show them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from matteplug import cli
from matteplug.errors import MatteplugError
from matteplug_batch.demo.photographs import lay_out
from matteplug_batch.demo.sheet import write_sheet


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit status."""
    parser = argparse.ArgumentParser(prog="matteplug_batch.demo", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo-output"))
    folder: Path = parser.parse_args(argv).folder
    photographs, cutouts, sheet = (folder / n for n in ("photos", "cutouts", "contact-sheet.jpg"))
    try:
        lay_out(photographs)
        status = cli.main(["batch", str(photographs), "--out", str(cutouts)])
        if status == 0:
            write_sheet(sheet, photographs, cutouts)
            print(f"Contact sheet: {sheet.resolve()}")
    except MatteplugError as error:
        print(f"matteplug: {error}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
