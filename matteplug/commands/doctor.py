"""``matteplug doctor``: which providers are listed, load and are correct, how fast, and why not."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from matteplug import listing
from matteplug.hookspecs import Command

if TYPE_CHECKING:
    from matteplug.runtime.doctor import Diagnosis, Finding


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="doctor",
        help="Show which execution providers work on this machine, how fast, and why others fail.",
        configure=_configure,
        run=_run,
        examples=(
            "matteplug doctor",
            "matteplug doctor --require-ep cuda  # status 1 unless CUDA works",
            "matteplug doctor --json",
        ),
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--json", action="store_true", help="print JSON")
    add("--network", metavar="ID", help="probe with this network (default: every installed one)")
    add(
        "--require-ep",
        metavar="PROVIDER",
        help='exit with status 1 unless this provider works ("cuda")',
    )


def _run(args: argparse.Namespace) -> int:
    from matteplug import plugins
    from matteplug.runtime.doctor import examine
    from matteplug.runtime.ort import how_to_install

    registry = plugins.registry()
    specs = [registry.network(args.network)] if args.network else [*registry.networks.values()]
    diagnosis = examine(specs, wanted=args.require_ep)
    if args.json:
        print(json.dumps(diagnosis.to_json(), indent=2, ensure_ascii=False))
    else:
        _print(diagnosis)
    if args.require_ep is not None and not (wanted := diagnosis.finding(args.require_ep)).works:
        print(
            f"matteplug: {wanted.provider.title} does not work: {wanted.verdict.reason}.",
            file=sys.stderr,
        )
        if not wanted.listed:
            print(f"  {how_to_install(wanted.provider)}", file=sys.stderr)
        return 1
    return 1 if diagnosis.problems else 0


def _print(diagnosis: Diagnosis) -> None:
    from matteplug.runtime.ort import how_to_install

    listed = [finding for finding in diagnosis.findings if finding.listed]
    columns = ("provider", "loads", "correct", "ms", "operators on it", "what it is")
    listing.show(columns, map(_cells, listed))
    for finding in listed:
        if finding.verdict.reason:
            print(f"{finding.provider.id}: {finding.verdict.reason}.")
    absent = [finding.provider for finding in diagnosis.findings if not finding.listed]
    if absent:
        print("Not in the installed ONNX Runtime, but in another wheel, to take its place:")
        for provider in absent:
            print(f"  {provider.id}: {how_to_install(provider).removeprefix('Run: ')}")
    print(f"auto takes: {diagnosis.chosen or 'none; nothing works'}")
    print(f"telemetry of ONNX Runtime: {diagnosis.telemetry}")
    for problem in diagnosis.problems:
        print(f"Problem: {problem.message}\n  {problem.hint}")


def _cells(finding: Finding) -> tuple[str, ...]:
    verdict = finding.verdict
    texts = {True: "yes", False: "no", None: "not proven"}
    return (
        finding.provider.id,
        texts[verdict.loads],
        texts[verdict.correct] if verdict.loads else "–",
        "–" if verdict.milliseconds is None else f"{verdict.milliseconds:.0f}",
        "–" if verdict.placed is None else f"{verdict.placed:.0%}",
        finding.provider.title,
    )
