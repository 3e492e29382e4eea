"""The command line: ``matteplug COMMAND …``.

Every subcommand comes from the hook `matteplug_commands`, the built-in ones too.  Errors a user can
act on are printed as one sentence and a hint, with exit status 2.
"""

from __future__ import annotations

import argparse
import io
import platform
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from matteplug import __version__, plugins
from matteplug.errors import MatteplugError, known_names
from matteplug.hookspecs import Command
from matteplug.plugin_guard import reason
from matteplug.terminal import printable

__all__ = ["main", "parser"]


_FIRST = """\
matteplug cuts foregrounds out of pictures, with soft edges.

  matteplug cut photo.jpg     cut out a picture: writes photo_cutout.png
  matteplug batch photos      cut out a folder of pictures: writes to photos-matte
  matteplug hosts             list the editors on this machine, to install a plug-in
  matteplug doctor            check what this machine computes with
  matteplug --help            list all commands
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name that the terminal cannot show must not stop the work.
        sys.stdout.reconfigure(errors="replace")
    args = parser().parse_args(argv)
    if args.command is None:
        print(_FIRST, end="")
        return 0
    commands = plugins.registry().commands
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


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    whole = _Parser(
        prog="matteplug", description="Cut foregrounds out of pictures, with soft edges."
    )
    whole.add_argument("--version", action=_Version, nargs=0, help="show versions and exit")
    whole.add_argument(
        "--print-completion",
        action=_Completion,
        choices=("bash", "zsh", "tcsh"),
        help="print a script that has the shell complete words, and exit",
    )
    subparsers = whole.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    commands = plugins.registry().commands.values()
    for command in sorted(commands, key=lambda command: command.name):
        if wrong := _fault(command):
            print(f"matteplug: the command {command.name} is left out: {wrong}.", file=sys.stderr)
            continue
        described = command.help.replace("%", "%%")
        subparser = subparsers.add_parser(command.name, help=described, description=described)
        command.configure(subparser)
        _add_examples(subparser, command.examples)
    return whole


def _fault(command: Command) -> str:
    """Try a command's arguments on a parser of their own, and return what is wrong with them."""
    trial = argparse.ArgumentParser(prog=command.name)
    try:
        command.configure(trial)
        trial.format_help()
    except (Exception, SystemExit) as error:  # a stranger's code must not take the others down
        return reason(error).rstrip(".")
    return ""


def _add_examples(parser: argparse.ArgumentParser, examples: Sequence[str]) -> None:
    """Add to a parser, and to those of its actions, the examples that begin with its name."""
    shown = [example for example in examples if f"{example} ".startswith(f"{parser.prog} ")]
    if shown:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        lines = [f"  {example.replace('%', '%%')}" for example in shown]
        above = f"{parser.epilog}\n\n" if parser.epilog else ""
        parser.epilog = "\n".join((f"{above}examples:", *lines))
    for action in _actions_of(parser):
        _add_examples(action, examples)


def _actions_of(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    return [
        subparser
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for subparser in action.choices.values()
    ]


class _Completion(argparse.Action):
    """Prints a completion script for a shell."""

    def __call__(self, parser: argparse.ArgumentParser, *given: Any) -> None:
        import shtab

        for action in (action for one in _all_of(parser) for action in one._actions):
            if getattr(action.type, "__name__", "").lower() == "path":
                action.complete = shtab.FILE  # type: ignore[attr-defined]
        print(shtab.complete(parser, shell=given[1]))
        parser.exit()


class _Version(argparse.Action):
    """Shows the versions of what a matte depends on; ONNX Runtime is imported for that alone."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from matteplug import packages
        from matteplug.runtime import ort, providers

        print(f"matteplug {__version__}, Python {platform.python_version()}")
        try:
            available = ort.available()
        except MatteplugError as error:
            print(f"ONNX Runtime: {error}")
        else:
            wheels = packages.bringing("onnxruntime").items()
            ids = [one.id for one in providers.PROVIDERS.values() if one.ort_name in available]
            versions = ", ".join(f"{name} {version}" for name, version in wheels)
            print(f"ONNX Runtime: {versions}; providers: {', '.join(ids)}")
        parser.exit()


class _Parser(argparse.ArgumentParser):
    """A parser that suggests what was meant, and whose errors cannot steer the terminal.

    Errors quote what was typed, file names among it.
    """

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))

    def _check_value(self, action: argparse.Action, value: str) -> None:
        if action.choices is not None and value not in action.choices:
            name = argparse._get_action_name(action) or "argument"
            self.error(f"{name}: there is no {value!r}. {known_names(str(value), action.choices)}")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse this parser's words; one that it does not know is an error with a suggestion."""
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            option = unknown[0].partition("=")[0]
            known = self._option_string_actions if option.startswith("-") else ()
            close = get_close_matches(option, known, n=1)
            hint = f". Did you mean {close[0]}?" if close else ""
            self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return parsed, []


def _all_of(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    return [parser, *(one for action in _actions_of(parser) for one in _all_of(action))]
