"""Waiting times of a host besides the network: the worker's start, loading, and the wire.

``python benchmarks/worker.py [--rounds 5] [--side 1414]``, with the network "citm":

* start: from starting ``python -m matteplug.worker`` to its hello, compared with Python's start.
* loading: the first matte of a process compared with the second, of a small picture.
* wire: a matte of side² pixels by the bridge, compared with the time that the worker reports.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from matteplug.bridge import Pixels, Worker

ROOT = Path(__file__).resolve().parents[1]
# as `-m matteplug.worker`, but of this source tree, which the scrubbed environment does not name
WORKER = (
    "-c",
    f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'hosts')!r}]; "
    "from matteplug.worker import main; main()",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a host waits for beside the network.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", type=int, default=1414)
    args = parser.parse_args()

    bare = median(args.rounds, lambda: subprocess.run([sys.executable, "-c", ""], check=True))
    used = children_s()
    start = median(args.rounds, lambda: Worker(sys.executable, arguments=WORKER).close())
    used = (children_s() - used) / args.rounds
    print(f"start: hello after {start:.2f} s ({used:.2f} s of CPU time), Python {bare:.2f} s")

    with Worker(sys.executable, arguments=WORKER) as worker:
        first, second = matte_s(worker, 64)[0], matte_s(worker, 64)[0]
        print(f"loading: {first - second:.2f} s, a small matte {second:.2f} s")
        matte_s(worker, args.side)
        elapsed_s, reported_s = matte_s(worker, args.side)
        print(
            f"wire: {args.side}² pixels, {elapsed_s:.2f} s by the bridge, "
            f"{reported_s:.2f} s in the library: "
            f"{elapsed_s / reported_s:.3f}×"
        )


def children_s() -> float:
    """Return the processor time of the processes that were started and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def median(rounds: int, action: Callable[[], object]) -> float:
    """Return the median of an action's durations."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def matte_s(worker: Worker, side: int) -> tuple[float, float]:
    """Return how long a matte of a disc took, seen from here and in the library's own words."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (side, side, 4), np.uint8)
    image[..., 3] = 255
    selection = np.zeros((side, side), np.uint8)
    cv2.circle(selection, (side // 2, side // 2), side // 3, 255, -1)
    buffers = {
        "image": Pixels("RGBA u8", side, side, image.tobytes()),
        "selection": Pixels("Y u8", side, side, selection.tobytes()),
    }
    started = time.perf_counter()
    header, _ = worker.matte(buffers, {"cutout": "RGBA u8"}, {"network": "citm"})
    return time.perf_counter() - started, header["elapsed_s"]["total"]


if __name__ == "__main__":
    main()
