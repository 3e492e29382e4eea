"""Tries a stranger's code in a process of its own first, because it may end the process.

A crash in a C library, `os._exit` or a loop that never yields cannot be caught where it happens.
The child works through a list and tells how each item went; where it dies, the item that it was at
is to blame, and another child takes the rest.
"""

from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from pkgutil import resolve_name

_IMPORT = "from matteplug.plugin_trial import main; main()"
_GRACE_S = 1.0
"""How much longer than its limit something may take before the child is ended."""

Work = Callable[[str, float], str]
"""What tries an item for at most some seconds, and returns what is wrong with it, or nothing."""


@dataclass(frozen=True)
class Allowance:
    """How long strangers may take.

    Attributes:
        each_s: one of them.
        until: all of them, as `time.time` counts.
        least_s: one of them that comes late.
    """

    each_s: float
    until: float
    least_s: float

    def next_s(self) -> float:
        """Return how long the next one may take."""
        return max(self.least_s, min(self.each_s, self.until - time.time()))


def outcomes(work: str, items: Sequence[str], allowance: Allowance) -> dict[str, str]:
    """Return what is wrong with each item; an empty string where nothing is.

    Args:
        work: the dotted name of a `Work`.
        items: what to try, in this order; no two are the same.
        allowance: how long that may take.
    """
    told: dict[str, str] = {}
    while rest := [item for item in items if item not in told]:
        with _child(work, rest, allowance) as child:
            assert child.stdout is not None
            child.stdout.readline()  # it has started, which takes a while on a busy machine
            began, limit_s = time.monotonic(), allowance.next_s()
            for item, line in zip(rest, child.stdout, strict=False):
                told[item] = json.loads(line)
                began, limit_s = time.monotonic(), allowance.next_s()
            status = child.wait()
        if victim := next((item for item in rest if item not in told), None):
            hangs = time.monotonic() - began >= limit_s
            told[victim] = (
                f"It was still loading after {limit_s:g} seconds."
                if hangs
                else f"It ended the process while it was loaded (status {status})."
            )
    return told


def main() -> None:
    """Try the items that the arguments name; see `outcomes`."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what is printed must not get into an answer
    work: Work = resolve_name(sys.argv[1])
    answers.write("\n")
    answers.flush()
    items, allowance = json.loads(sys.argv[2]), Allowance(*json.loads(sys.argv[3]))
    for item in items:
        limit_s = allowance.next_s()
        faulthandler.dump_traceback_later(limit_s + _GRACE_S, exit=True)  # needs no lock of Python
        answers.write(json.dumps(work(item, limit_s)) + "\n")
        answers.flush()
    os._exit(0)  # whatever a stranger left running


def _child(work: str, items: Sequence[str], allowance: Allowance) -> subprocess.Popen[str]:
    path = [*(place for place in sys.path if place), str(Path(__file__).parents[1])]
    code = f"import json, sys; sys.path[:] = json.loads(sys.argv.pop()); {_IMPORT}"
    arguments = [json.dumps(words) for words in (items, astuple(allowance), path)]
    return subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", code, work, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "MATTEPLUG_PLUGINS": ""},  # one that lists the plug-ins starts no more
        encoding="utf-8",
    )
