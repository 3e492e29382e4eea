"""The command line: ``matteplug COMMAND …``.

Every subcommand comes from the hook `matteplug_commands`, the built-in ones too.  Errors a user can
act on are printed as one sentence and a hint, with exit status 2.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from typing import NoReturn

from matteplug import __version__, plugins
from matteplug.errors import MatteplugError
from matteplug.hookspecs import Command
from matteplug.plugin_guard import reason
from matteplug.terminal import printable

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name that the terminal cannot show must not stop the work.
        sys.stdout.reconfigure(errors="replace")
    commands = plugins.registry().commands
    parser = _Parser(
        prog="matteplug", description="Cut foregrounds out of pictures, with soft edges."
    )
    parser.add_argument("--version", action="version", version=f"matteplug {__version__}")
    subparsers = parser.add_subparsers(title="commands", dest="command", required=True)
    for command in sorted(commands.values(), key=lambda command: command.name):
        if wrong := _fault(command):
            print(f"matteplug: the command {command.name} is left out: {wrong}.", file=sys.stderr)
            continue
        described = command.help.replace("%", "%%")
        command.configure(
            subparsers.add_parser(command.name, help=described, description=described)
        )
    args = parser.parse_args(argv)
    try:
        return commands[args.command].run(args)
    except MatteplugError as error:
        print(f"matteplug: {printable(error.message)}", file=sys.stderr)
        if error.hint:
            print(f"  {printable(error.hint)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("matteplug: interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe (`| head`) is gone
        sys.stderr.close()
        return 141


def _fault(command: Command) -> str:
    """Try a command's arguments on a parser of their own, and return what is wrong with them."""
    trial = argparse.ArgumentParser(prog=command.name)
    try:
        command.configure(trial)
        trial.format_help()
    except (Exception, SystemExit) as error:  # a stranger's code must not take the others down
        return reason(error).rstrip(".")
    return ""


class _Parser(argparse.ArgumentParser):
    """A parser whose error messages, which quote file names, cannot steer the terminal."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))
