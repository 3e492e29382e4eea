"""``matteplug evaluate``: measure the alphas of networks or of any other method."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from matteplug import flags, listing, options
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
        help="pictures with true alphas: input/ and alpha/, or NAME.jpg beside NAME_alpha.png",
    )
    parser.add_argument(
        "--trimap",
        metavar="WORD",
        help="folder or name ending of the trimaps (trimap1); 'none' measures whole pictures",
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

    from matteplug.evaluation import methods, samples, scores
    from matteplug.evaluation.metrics import Count
    from matteplug.evaluation.report import Report

    chosen_samples = samples.find(args.folder, args.trimap)
    names = args.network or ([] if args.alphas else ["auto"])
    how = options.read(MatteOptions, flags.values(args, _options()) | {"clean_colours": False})
    chosen_methods = [
        *(methods.network(name, how) for name in names),
        *(methods.Folder.parse(text) for text in args.alphas),
    ]
    count = Count(args.count)
    report = None if args.report is None else Report(args.report)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("measuring", total=len(chosen_samples.samples))

        def on_sample(
            sample: LoadedSample, alphas: dict[str, Alpha], errors: dict[str, Errors]
        ) -> None:
            for note in sample.notes:
                progress.console.print(printable(f"{sample.name}: {note}"), markup=False)
            if report is not None:
                report.add(sample, alphas, errors)
            progress.advance(task)

        result = scores.evaluate(chosen_samples, chosen_methods, count, on_sample)
    if report is not None:
        report.write(chosen_samples, result, count)
    if args.json:
        print(json.dumps(scores.to_json(chosen_samples, result, count), indent=2))
    elif (console := Console()).is_terminal:
        console.print(scores.to_table(chosen_samples, result, count))
    else:
        print(
            f"{', '.join(scores.COLUMNS)}: {scores.caption(chosen_samples, count)}", file=sys.stderr
        )
        listing.show(scores.COLUMNS, [row for score in result for row in scores.to_rows(score)])
    return 0
