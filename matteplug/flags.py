"""Options as flags of a command line: ``--band 12`` for band_px, ``--no-align`` for align."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from matteplug.errors import RequestError
from matteplug.options import Option

__all__ = ["add", "flag", "given", "values"]


def add(parser: argparse.ArgumentParser, options: Iterable[Option]) -> None:
    """Add a flag for each option; `given` and `values` return what was given."""
    for option in options:
        text = option.phrase
        if option.type is bool:
            action = "store_false" if option.default else "store_true"
            if option.default:
                text = f"do not {option.label.lower()} ({text})"
            parser.add_argument(
                flag(option),
                dest=option.name,
                action=action,
                default=argparse.SUPPRESS,
                help=text,
            )
            continue
        default = option.automatic or option.default
        parser.add_argument(
            flag(option),
            dest=option.name,
            type=option.type if option.choices else _parser(option),
            default=argparse.SUPPRESS,
            choices=option.choices or None,
            metavar=None if option.choices else (option.unit or option.name).upper(),
            help=f"{text} (default: {default})",
        )


def flag(option: Option) -> str:
    """Return how an option is spelled: without its unit, and a switch for what it is not."""
    name = option.name.rpartition("_")[0] if option.unit else option.name
    words = name.replace("_", "-")
    return f"--no-{words}" if option.default is True else f"--{words}"


def values(args: argparse.Namespace, options: Iterable[Option]) -> dict[str, Any]:
    """Return the options' values by name, the default where none was given."""
    options = list(options)
    return {option.name: option.default for option in options} | given(args, options)


def given(args: argparse.Namespace, options: Iterable[Option]) -> dict[str, Any]:
    """Return the values that were given, by the options' names."""
    return {
        option.name: getattr(args, option.name) for option in options if option.name in vars(args)
    }


def _parser(option: Option) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        if not text:  # a script's variable was not set
            raise argparse.ArgumentTypeError("it is empty")
        try:
            return option.checked(int(text) if option.type is int else text)
        except (ValueError, RequestError):
            raise argparse.ArgumentTypeError(f"{text} is not {option.range}") from None

    return parse
