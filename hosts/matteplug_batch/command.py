"""``matteplug batch FOLDER|FILE…``: arguments, checks before any work, and output.

Exit status: 0 success, 1 a picture failed or ended as ``--fail-on`` forbids, 2 nothing was started,
130 interrupted.
"""

from __future__ import annotations

import argparse
import glob
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from matteplug.errors import RequestError
from matteplug_batch import inputs, settings_flags
from matteplug_batch.inputs import STREAM
from matteplug_batch.outcome import WRITTEN, State

if TYPE_CHECKING:
    from matteplug_batch.job import Settings
    from matteplug_batch.journal import Journal
    from matteplug_batch.page import ReportPage
    from matteplug_batch.plan import Plan
    from matteplug_batch.run import BatchRun


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = settings_flags.GUIDES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add(
        "pictures",
        nargs="+",
        type=settings_flags.path,
        metavar="FOLDER|FILE",
        help="a folder of pictures with its subfolders; or files; or - for standard input",
    )
    add(
        "--out",
        type=settings_flags.path,
        metavar="DIR",
        help="where results go (FOLDER-matte beside FOLDER)",
    )
    settings_flags.add(parser)
    add("--resume", action="store_true", help="skip pictures that are finished and unchanged")
    add(
        "--watch",
        action="store_true",
        help="go on with pictures that come into the folder, until Ctrl-C",
    )
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
    add("--json", action="store_true", help="print the report as JSON on standard output")
    add(
        "--report",
        type=settings_flags.path,
        metavar="FILE",
        help="write a page with every picture before and after (HTML, one file)",
    )


def run(args: argparse.Namespace) -> int:
    """Do the batch and return the exit status.

    Raises:
        RequestError: nothing was started; the command line turns it into exit status 2.
        NetworkError: there is no network of the given name.
        EngineError: there is no execution provider of the given name.
    """
    from rich.console import Console

    from matteplug_batch import cut, dry_run, leftovers, lock, summary
    from matteplug_batch.interruption import cancelled_by_signals
    from matteplug_batch.journal import Journal
    from matteplug_batch.page import ReportPage
    from matteplug_batch.plan import Plan
    from matteplug_batch.progress import Bar
    from matteplug_batch.watch import Watch

    settings = settings_flags.settings(args, inputs.place(args.pictures[0]))
    if args.pictures == [STREAM] and not args.watch:
        if args.out is not None:
            raise RequestError(
                "out-of-stream",
                "A picture from standard input has no folder for --out.",
                "Run: matteplug cut - --out FILE",
            )
        return cut.through(args, settings)
    page = ReportPage(args.report) if args.report else None
    console = Console(stderr=True, highlight=False)
    with cancelled_by_signals() as cancel:
        plan = _plan(args, settings)
        if args.dry_run:
            unchanged = _batch(args, Journal(plan.out, plan.folder), page)
            return dry_run.show(unchanged, plan.jobs, plan.unusable)
        plan.make_out()
        with lock.held(plan.out):
            journal = Journal(plan.out, plan.folder)
            if not args.force:
                journal.check_folder()
            leftovers.remove(journal.folders)
            batch = _batch(args, journal, page)
            if not args.quiet:
                summary.announce(console, plan, watch=args.watch)
            with Bar(console, quiet=args.quiet, lines=args.watch) as bar:
                if args.watch:
                    look = partial(Plan.now, plan.folder, plan.out, settings)
                    report = Watch(look=look, batch=batch).run(bar, cancel)
                else:
                    for outcome in plan.unusable:
                        bar.finish(outcome)
                    report = batch.run(plan.jobs, bar, cancel)
                    report = replace(report, outcomes=report.outcomes + plan.unusable)
        report = replace(report, fail_on=_fail_on(args.fail_on))
        if page is not None:
            page.write(report, plan.folder, plan.out)
        if args.json:
            print(json.dumps(summary.as_json(report, plan), indent=2))
        elif not args.quiet:
            summary.show(Console(highlight=False), report, plan)
    return report.status


def _batch(args: argparse.Namespace, journal: Journal, page: ReportPage | None) -> BatchRun:
    from matteplug_batch.adapter import FolderAdapter
    from matteplug_batch.run import BatchRun

    return BatchRun(
        adapter=FolderAdapter(page),
        matte=settings_flags.matte(args),
        journal=journal,
        resume=args.resume or args.watch,
        force=args.force,
    )


def _plan(args: argparse.Namespace, settings: Settings) -> Plan:
    from matteplug_batch.plan import Plan, place

    first = args.pictures[0]
    is_folder = len(args.pictures) == 1 and first != STREAM and not _are_files(first)
    if args.watch:
        if not is_folder:
            raise RequestError(
                "watch-files",
                "Only a folder can be watched.",
                "Example: matteplug batch photos --watch",
            )
        return Plan.now(first, place(first, args.out), settings)
    if is_folder:
        return Plan.of(first, args.out, settings)
    return Plan.of_files(inputs.files(args.pictures), args.out, settings)


def _are_files(word: Path) -> bool:
    """Tell a file or a pattern from a folder."""
    return not word.is_dir() and (word.exists() or glob.has_magic(str(word)))


def _fail_on(state: str | None) -> tuple[State, ...]:
    """Return the given state and those that are worse."""
    return () if state is None else WRITTEN[WRITTEN.index(State(state)) :]
