"""Options as flags of a command line: ``--band 12`` for band_px, ``--no-align`` for align."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from matteplug.errors import RequestError
from matteplug.options import Option

__all__ = ["add", "flag", "values"]


def add(parser: argparse.ArgumentParser, options: Iterable[Option]) -> None:
    """Add a flag for each option; the values come under the options' names."""
    for option in options:
        text = option.phrase
        if option.type is bool:
            action = "store_false" if option.default else "store_true"
            if option.default:
                text = f"do not {option.label.lower()} ({text})"
            parser.add_argument(flag(option), dest=option.name, action=action, help=text)
            continue
        default = option.automatic or option.default
        parser.add_argument(
            flag(option),
            dest=option.name,
            type=_parser(option),
            default=option.default,
            metavar=(option.unit or option.name).upper(),
            help=f"{text} (default: {default})",
        )


def flag(option: Option) -> str:
    """Return how an option is spelled: without its unit, and a switch for what it is not."""
    name = option.name.rpartition("_")[0] if option.unit else option.name
    words = name.replace("_", "-")
    return f"--no-{words}" if option.default is True else f"--{words}"


def values(args: argparse.Namespace, options: Iterable[Option]) -> dict[str, Any]:
    """Return the options' values by name."""
    return {option.name: getattr(args, option.name) for option in options}


def _parser(option: Option) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        if not text:  # a script's variable was not set
            raise argparse.ArgumentTypeError("it is empty")
        try:
            return option.checked(int(text) if option.type is int else text)
        except (ValueError, RequestError):
            raise argparse.ArgumentTypeError(f"{text} is not {option.range}") from None

    return parse
