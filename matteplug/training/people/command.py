"""The subcommand ``matteplug train people``: render a folder of people with alpha."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from matteplug.errors import RequestError

EVERY_S = {True: 0.2, False: 30.0}
"""Seconds between two reports of progress, on a terminal and elsewhere."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add = parser.add_argument
    add(
        "--parts",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of bodies, clothes and hair",
    )
    add(
        "--photos",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of photographs, for printed cloth and for light",
    )
    add(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the pictures; existing ones are kept",
    )
    add("--count", type=int, required=True, metavar="N", help="number of pictures, one per seed")
    add("--seed", type=int, default=0, help="seed of the first picture (default: 0)")
    add("--size", type=int, default=512, metavar="PX", help="edge of the pictures (default: 512)")
    add("--jobs", type=int, default=1, help="number of processes (default: 1)")


def run(arguments: argparse.Namespace) -> int:
    """Render the pictures that do not exist yet; return the exit status.

    Raises:
        RequestError: a number is out of range, parts or photographs are missing or damaged, or
            nothing can be written.
    """
    from matteplug.training.display import Display
    from matteplug.training.interruption import on_request
    from matteplug.training.people.folder import missing, render_all

    _refuse_numbers(arguments)
    out: Path = arguments.out
    seeds = missing(out, arguments.seed, arguments.count)
    existing = arguments.count - len(seeds)
    done = 0
    began = shown = time.monotonic()
    every_s = EVERY_S[sys.stderr.isatty()]
    places = arguments.parts, arguments.photos, out
    with on_request() as stop, Display() as display:
        if existing:
            display.say(f"{existing} of {arguments.count} pictures exist already.")
        for done, _ in enumerate(render_all(seeds, *places, arguments.size, arguments.jobs), 1):
            now = time.monotonic()
            if now - shown > every_s or done == len(seeds):
                shown = now
                rate = f"{done / (now - began) * 3600:.0f} per hour"
                text = f"{existing + done} of {arguments.count} pictures, {rate}"
                display.step(text, (existing + done) / arguments.count)
            if stop.is_set():
                break
    if done < len(seeds):
        print(f"{out}: stopped; the same command resumes.", file=sys.stderr)
        return 130
    print(f"{out}: {arguments.count} pictures.", file=sys.stderr)
    return 0


def _refuse_numbers(arguments: argparse.Namespace) -> None:
    ranges = {"count": (1, 10**7), "seed": (0, 10**9), "size": (64, 2048), "jobs": (1, 256)}
    for name, (low, high) in ranges.items():
        given = getattr(arguments, name)
        if not low <= given <= high:
            raise RequestError(
                "bad-number",
                f"--{name} {given} is out of range.",
                f"Use a number from {low} to {high}.",
            )
