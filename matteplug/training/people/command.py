"""The subcommand ``matteplug train people``: render a folder of people with alpha."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from matteplug.errors import RequestError

EVERY_S = {True: 0.2, False: 30.0}
"""How often progress is shown on a terminal and elsewhere."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add = parser.add_argument
    add("--parts", type=Path, required=True, metavar="DIR", help="bodies, clothes and hair")
    add("--photos", type=Path, required=True, metavar="DIR", help="for printed cloth and light")
    add("--out", type=Path, required=True, metavar="DIR", help="where pictures go; goes on there")
    add("--count", type=int, required=True, metavar="N", help="pictures, one a seed")
    add("--seed", type=int, default=0, help="of the first picture (0)")
    add("--size", type=int, default=512, metavar="PX", help="edge of the pictures (512)")
    add("--jobs", type=int, default=1, help="processes (1)")


def run(arguments: argparse.Namespace) -> int:
    """Render what is not there yet; return the exit status.

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
    there = arguments.count - len(seeds)
    done = 0
    began = shown = time.monotonic()
    every_s = EVERY_S[sys.stderr.isatty()]
    places = arguments.parts, arguments.photos, out
    with on_request() as stop, Display() as display:
        if there:
            display.say(f"{there} of {arguments.count} pictures were there.")
        for done, _ in enumerate(render_all(seeds, *places, arguments.size, arguments.jobs), 1):
            now = time.monotonic()
            if now - shown > every_s or done == len(seeds):
                shown = now
                rate = f"{done / (now - began) * 3600:.0f} an hour"
                text = f"{there + done} of {arguments.count} pictures, {rate}"
                display.step(text, (there + done) / arguments.count)
            if stop.is_set():
                break
    if done < len(seeds):
        print(f"{out}: stopped; the same command goes on.", file=sys.stderr)
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
                f"It may be {low} to {high}.",
            )
