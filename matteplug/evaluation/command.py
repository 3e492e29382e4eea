"""``matteplug evaluate``: measure the alphas of networks or of any other method."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from matteplug import flags, listing, options
from matteplug.errors import RequestError
from matteplug.hookspecs import Command
from matteplug.options import Option
from matteplug.terminal import printable
from matteplug.types import MatteOptions

if TYPE_CHECKING:
    from matteplug.evaluation.metrics import Errors
    from matteplug.evaluation.samples import LoadedSample
    from matteplug.types import Alpha


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="evaluate",
        help="Measure networks or finished alphas against true alphas: SAD, MSE, Grad, Conn.",
        configure=_configure,
        run=_run,
        examples=(
            "matteplug evaluate pictures",
            "matteplug evaluate pictures --trimap trimap1 --network citm --network closed-form",
            "matteplug evaluate pictures --alphas theirs=results/ --report compared.html",
        ),
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        type=Path,
        metavar="DIR",
        help="pictures with true alphas: input/ and alpha/, or NAME.jpg beside NAME_alpha.png; "
        "or a folder of such folders, one per style",
    )
    parser.add_argument(
        "--trimap",
        action="append",
        metavar="WORD",
        help="folder or name ending of the trimaps (trimap1); 'none' measures whole pictures; "
        "may be repeated",
    )
    parser.add_argument(
        "--network",
        action="append",
        default=[],
        metavar="ID",
        help="a network to measure, 'auto', or 'half' (0.5 in the unknown area); may be repeated",
    )
    parser.add_argument(
        "--alphas",
        action="append",
        default=[],
        metavar="[NAME=]FOLDER",
        help="a folder of finished alphas to measure; may be repeated",
    )
    flags.add(parser, _options())
    parser.add_argument(
        "--count",
        choices=["unknown", "picture"],
        default="unknown",
        help="where SAD and MSE sum errors up: the trimap's unknown area, or the whole picture",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE.html",
        help="also write a page with the pictures side by side",
    )


def _options() -> list[Option]:
    """Return the options that alphas alone depend on; no band is drawn, as scenes have trimaps."""
    return [one for one in options.of(MatteOptions) if one.name not in ("clean_colours", "band_px")]


def _run(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from matteplug.evaluation import methods, samples, scores, styles
    from matteplug.evaluation.metrics import Count
    from matteplug.evaluation.report import Report

    words = args.trimap or [None]
    if args.report is not None and len(words) > 1:
        raise RequestError(
            "one-trimap",
            "A report shows one kind of trimap.",
            "Give --trimap once, or no --report.",
        )
    folders = [samples.find(args.folder, word) for word in words]
    names = args.network or ([] if args.alphas else ["auto"])
    how = options.read(MatteOptions, flags.values(args, _options()) | {"clean_colours": False})
    chosen_methods = [
        *(methods.network(name, how) for name in names),
        *(methods.Folder.parse(text) for text in args.alphas),
    ]
    count = Count(args.count)
    report = None if args.report is None else Report(args.report)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("measuring", total=sum(len(one.samples) for one in folders))

        def on_sample(
            sample: LoadedSample, alphas: dict[str, Alpha], errors: dict[str, Errors]
        ) -> None:
            for note in sample.notes:
                progress.console.print(printable(f"{sample.name}: {note}"), markup=False)
            if report is not None:
                report.add(sample, alphas, errors)
            progress.advance(task)

        runs = [
            styles.ScoredSamples(folder, scores.evaluate(folder, chosen_methods, count, on_sample))
            for folder in folders
        ]
    if report is not None:
        report.write(*runs[0], count)
    if args.json:
        results = [scores.to_json(*run, count) for run in runs]
        print(json.dumps(results if len(results) > 1 else results[0], indent=2))
        return 0
    if len(runs) > 1 or scores.by_style(folders[0]):
        table = partial(styles.to_table, runs, count)
        columns, rows = styles.columns(runs), styles.to_rows(runs)
    else:
        table = partial(scores.to_table, *runs[0], count)
        columns, rows = scores.COLUMNS, [r for one in runs[0].scores for r in scores.to_rows(one)]
    if (console := Console()).is_terminal:
        console.print(table())
    else:
        words = scores.caption(folders[0], count)
        print(f"{', '.join(columns)}: {words}", file=sys.stderr)
        listing.show(columns, rows)
    return 0
