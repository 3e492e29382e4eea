"""A batch's rate beside the bare network's, in one run; memory beside its limit.

    python benchmarks/batch_rate.py [--pictures 100] [--megapixels 2] [--limit 1024] [--json]

Writes JPEG photographs with trimaps into a temporary folder and has `BatchRun` cut them out in this
process, after one picture that opens the sessions.  The time within `matteplug.api.run`, and within
the network, is measured while the batch runs: the network's is what it alone takes under the same
load.  Its ratio to the time of the batch is near 1 where decoding and encoding hide behind it.
Then a fifth as many pictures are read, matted and written one after the other, for what the
pipeline saves.  The exit status is 1 below --target (0.9).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console

from matteplug import api
from matteplug.result import Matte
from matteplug.types import CancelToken, MatteOptions, MatteRequest, Progress, Size, silent
from matteplug_batch.adapter import FolderAdapter
from matteplug_batch.find import find
from matteplug_batch.job import Job, Settings
from matteplug_batch.progress import Bar
from matteplug_batch.run import BatchRun
from matteplug_batch.unrecorded import Unrecorded
from pictures import synthetic
from resident import now_mib


def main() -> int:
    """Run, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--megapixels", type=float, default=2.0)
    parser.add_argument("--limit", type=int, default=1024, help="MiB for the network")
    parser.add_argument("--target", type=float, default=0.9)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    settings = Settings(options=MatteOptions(limit_mib=args.limit))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "photos")
        _photographs(folder, args.pictures, args.megapixels)
        found = find(folder).pictures
        jobs = [
            Job(found=one, result=Path(place, "out", f"{one.image.stem}.png"), settings=settings)
            for one in found
        ]
        warm = FolderAdapter()
        warm.write(jobs[0], api.run(warm.read(jobs[0])))
        jobs[0].result.unlink()
        before_mib = now_mib()
        report = _batch(jobs)
        report |= _one_by_one(jobs[: max(2, args.pictures // 5)])
    report["before_mib"], report["limit_mib"] = before_mib, args.limit
    if args.json:
        print(json.dumps(report, indent=2))
    else:
        print(
            f"{args.pictures} pictures of {args.megapixels:g} megapixels: "
            f"{report['batch_s']:.2f} s a picture in the batch, "
            f"{report['network_s']:.2f} s of it in the network "
            f"({report['matte_s']:.2f} s with colours and edge): {report['ratio']:.2f} of the bare "
            f"network's rate; one after the other {report['serial_s']:.2f} s a picture.  Memory: "
            f"{before_mib:.0f} MiB before, {report['largest_mib']:.0f} at most, limit {args.limit}."
        )
    return 0 if report["ratio"] >= args.target else 1


def _photographs(folder: Path, count: int, megapixels: float) -> None:
    folder.mkdir()
    width = round((megapixels * 1e6 * 1.5) ** 0.5)
    known = synthetic(Size(width, round(width / 1.5)), 0.1)
    for number in range(count):
        shift = 7 * number
        Image.fromarray(np.roll(known.image, shift, 1)).save(
            folder / f"{number:03d}.jpg", quality=92
        )
        Image.fromarray(np.roll(known.trimap, shift, 1)).save(folder / f"{number:03d}_trimap.png")


def _batch(jobs: list[Job]) -> dict[str, Any]:
    spent = {"network": 0.0, "matte": 0.0}

    def timed(request: MatteRequest, progress: Progress, cancel: CancelToken) -> Matte:
        started = time.perf_counter()
        matte = api.run(request, progress=progress, cancel=cancel)
        spent["matte"] += time.perf_counter() - started
        spent["network"] += matte.elapsed_s["network"]
        return matte

    batch = BatchRun(adapter=FolderAdapter(), matte=timed, journal=Unrecorded())
    resident, over = [now_mib()], threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            resident.append(now_mib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.perf_counter()
    with Bar(Console(stderr=True), quiet=True) as silence:
        outcome = batch.run(jobs, silence, CancelToken())
    elapsed_s = time.perf_counter() - started
    over.set()
    watcher.join()
    assert outcome.status == 0, [one.error for one in outcome.outcomes]
    return {
        "batch_s": elapsed_s / len(jobs),
        "matte_s": spent["matte"] / len(jobs),
        "network_s": spent["network"] / len(jobs),
        "ratio": spent["network"] / elapsed_s,
        "largest_mib": max(resident),
    }


def _one_by_one(jobs: list[Job]) -> dict[str, float]:
    adapter = FolderAdapter()
    started = time.perf_counter()
    for job in jobs:
        adapter.write(job, api.run(adapter.read(job), progress=silent))
    return {"serial_s": (time.perf_counter() - started) / len(jobs)}


if __name__ == "__main__":
    sys.exit(main())
