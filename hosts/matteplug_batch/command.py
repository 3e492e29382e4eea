"""``matteplug batch FOLDER``: arguments, checks before any work, and output.

Exit status: 0 success, 1 a picture failed or ended as ``--fail-on`` forbids, 2 nothing was started,
130 interrupted.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from matteplug import flags, options
from matteplug.errors import EngineError, RequestError
from matteplug.options import Option
from matteplug.result import Matte
from matteplug.types import CancelToken, MatteOptions, MatteRequest, Progress
from matteplug_batch.job import Output, Settings
from matteplug_batch.outcome import WRITTEN, State

_GUIDES = """\
Guides are found by their names.  For NAME.jpg these are NAME_trimap.png (black background,
white foreground, gray unknown), NAME_mask.png (a selection), NAME_plate.png or the folder's
plate.png (the same view without the foreground).  The first guide found, in this order, is
used; it decides the network."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = _GUIDES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add(
        "folder",
        type=_path,
        metavar="FOLDER",
        help="folder of pictures, with its subfolders",
    )
    add("--out", type=_path, metavar="DIR", help="where results go (FOLDER-matte beside FOLDER)")
    add(
        "--output",
        choices=[output.value for output in Output],
        help="what to write: colours with alpha (cutout, the default), alpha, or composite",
    )
    add(
        "--backdrop",
        type=_text,
        metavar="COLOUR|IMAGE",
        help="what composites are made over: white, '#204060', or the path of a picture",
    )
    flags.add(parser, [*options.of(MatteRequest), *_options()])
    add(
        "--require-ep",
        type=_text,
        metavar="ID",
        help="stop unless this execution provider does the work",
    )
    add("--resume", action="store_true", help="skip pictures that are finished and unchanged")
    add(
        "--force",
        action="store_true",
        help="overwrite results that were changed by hand or belong to another folder of pictures",
    )
    add(
        "--fail-on",
        choices=[state.value for state in WRITTEN[1:]],
        help="exit with status 1 if a matte is doubtful or empty, or only if one is empty",
    )
    add("--quiet", action="store_true", help="print only what failed")
    add("--json", action="store_true", help="print the report as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """Do the batch and return the exit status.

    Raises:
        RequestError: nothing was started; the command line turns it into exit status 2.
        NetworkError: there is no network of the given name.
        EngineError: there is no execution provider of the given name.
    """
    from rich.console import Console

    from matteplug_batch import leftovers, lock, summary
    from matteplug_batch.adapter import FolderAdapter
    from matteplug_batch.interruption import cancelled_by_signals
    from matteplug_batch.journal import Journal
    from matteplug_batch.plan import Plan
    from matteplug_batch.progress import Bar
    from matteplug_batch.run import BatchRun

    settings = _settings(args)
    console = Console(stderr=True, highlight=False)
    with cancelled_by_signals() as cancel:
        plan = Plan.of(args.folder, args.out, settings)
        plan.make_out()
        with lock.held(plan.out):
            journal = Journal(plan.out, plan.folder)
            if not args.force:
                journal.check_folder()
            leftovers.remove(journal.folders)
            batch = BatchRun(
                adapter=FolderAdapter(),
                matte=_matte(args.require_ep),
                journal=journal,
                resume=args.resume,
                force=args.force,
            )
            if not args.quiet:
                summary.announce(console, plan)
            with Bar(console, quiet=args.quiet) as bar:
                for outcome in plan.unusable:
                    bar.finish(outcome)
                report = batch.run(plan.jobs, bar, cancel)
        report = replace(
            report, outcomes=report.outcomes + plan.unusable, fail_on=_fail_on(args.fail_on)
        )
        if args.json:
            print(json.dumps(summary.as_json(report, plan), indent=2))
        elif not args.quiet:
            summary.show(Console(highlight=False), report, plan)
    return report.status


def _path(text: str) -> Path:
    return Path(_text(text))


def _text(text: str) -> str:
    """Refuse an empty argument, such as an unset variable: as a path it is the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _fail_on(state: str | None) -> tuple[State, ...]:
    """Return the given state and those that are worse."""
    return () if state is None else WRITTEN[WRITTEN.index(State(state)) :]


def _options() -> list[Option]:
    return [option for option in options.of(MatteOptions) if option.offered_by("batch")]


def _settings(args: argparse.Namespace) -> Settings:
    from matteplug import plugins
    from matteplug_batch.backdrop import Backdrop

    default = Output.COMPOSITE if args.backdrop else Output.CUTOUT
    output = Output(args.output) if args.output else default
    if output is Output.COMPOSITE and not args.backdrop:
        raise RequestError(
            "backdrop-missing", "A composite needs a backdrop.", "Give one: --backdrop white"
        )
    if args.backdrop and output is not Output.COMPOSITE:
        raise RequestError(
            "backdrop-unused",
            f"The output {output.value} has no backdrop.",
            "Drop --backdrop or --output.",
        )
    backdrop = Backdrop(args.backdrop) if args.backdrop else None
    if backdrop is not None:
        backdrop.check()
    spec = plugins.registry().network(args.network) if args.network else None
    return Settings(
        output=output,
        backdrop=backdrop,
        network=args.network,
        guide=spec.guide if spec else None,
        options=options.read(
            MatteOptions,
            flags.values(args, _options())
            | {"provider": _provider(args.provider, args.require_ep)},
        ),
    )


def _provider(asked: str, required: str | None) -> str:
    """Return the execution provider to ask for, or "auto"."""
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


def _matte(required: str | None) -> Callable[[MatteRequest, Progress, CancelToken], Matte]:
    """Return the recipe; it fails on any other provider if one is required."""
    from matteplug import api

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
