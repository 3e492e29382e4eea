"""``python -m matteplug.training …``: the subcommand ``train`` alone."""

from __future__ import annotations

import argparse
import sys

from matteplug.errors import MatteplugError
from matteplug.training.command import command


def main(argv: list[str] | None = None) -> int:
    """Run ``matteplug train`` with `argv` and return the exit status."""
    train = command()
    parser = argparse.ArgumentParser(prog="python -m matteplug.training", description=train.help)
    train.configure(parser)
    try:
        return train.run(parser.parse_args(argv))
    except MatteplugError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
