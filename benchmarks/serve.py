"""Load on a server: many clients at once, nothing lost, memory bounded.

    python benchmarks/serve.py [--clients 16] [--seconds 120] [--side 512] [--queue 16] [--json]

Starts ``matteplug serve`` and lets clients send pictures with trimaps, of several sizes, one after
the other; one that is told to come back does.  A twentieth of the requests are given up half-way
by their clients, and a twentieth are damaged pictures.  Each answer is decoded, and its size
compared.  Resident memory is that of the server and its children.  The exit status is 1 if an
answer is lost, or memory at the end is more than a quarter above that after a third of the time.
Linux only.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import requests
from PIL import Image

from matteplug.types import Size
from pictures import synthetic

LIMIT = 1.25
"""Ratio of the resident memory at the end to that after a third of the time."""
_RARE = 0.05


@dataclass
class Load:
    """What clients do to a server, and what becomes of it."""

    address: str
    until: float
    forms: list[tuple[Size, dict[str, bytes]]]
    counts: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def client(self, number: int) -> None:
        """Send pictures until the time is over."""
        random, session = Random(number), requests.Session()
        while time.monotonic() < self.until:
            size, form = random.choice(self.forms)
            kind = random.random()
            try:
                if kind < _RARE:
                    self._give_up(session, form)
                elif kind < 2 * _RARE:
                    self._damaged(session, form)
                else:
                    self._whole(session, size, form)
            except Exception as error:  # whatever it is, an answer is lost
                self.lost.append(f"{type(error).__name__}: {error}")

    def _whole(self, session: requests.Session, size: Size, form: dict[str, bytes]) -> None:
        started = time.monotonic()
        while True:
            answer = session.post(f"{self.address}/cutout", files=form, timeout=300)
            if answer.status_code != 503:
                break
            self.counts["told to come back"] += 1
            time.sleep(int(answer.headers["Retry-After"]))
        if answer.status_code != 200:
            raise ValueError(answer.text)
        with Image.open(io.BytesIO(answer.content)) as cutout:
            cutout.load()
            if cutout.size != size or cutout.mode != "RGBA":
                raise ValueError(f"{cutout.mode} {cutout.size} instead of {size}")
        self.seconds.append(time.monotonic() - started)
        self.counts["cut out"] += 1

    def _damaged(self, session: requests.Session, form: dict[str, bytes]) -> None:
        form = form | {"image": form["image"][: len(form["image"]) // 2]}
        answer = session.post(f"{self.address}/cutout", files=form, timeout=300)
        if answer.status_code not in (400, 503):
            raise ValueError(f"{answer.status_code} for a damaged picture")
        self.counts["damaged"] += answer.status_code == 400

    def _give_up(self, session: requests.Session, form: dict[str, bytes]) -> None:
        try:
            session.post(f"{self.address}/cutout", files=form, timeout=(10, 0.3))
        except requests.exceptions.ReadTimeout:
            self.counts["given up"] += 1


def main() -> int:
    """Run, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--side", type=int, default=512, help="of the largest picture")
    parser.add_argument("--queue", type=int, default=16)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()

    command = [sys.executable, "-m", "matteplug", "serve", "--port", "0", "--quiet"]
    command += ["--queue", str(args.queue)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        (address,) = re.findall(r"http://\S+", server.stdout.readline())
        load = Load(address, time.monotonic() + args.seconds, _forms(args.side))
        resident = _pressed(load, args.clients, server.pid)
        health = requests.get(f"{address}/health", timeout=30).json()
        server.send_signal(signal.SIGINT)
        status = server.wait(60)
    report = {
        **load.counts,
        "lost": len(load.lost),
        "per_second": load.counts["cut out"] / args.seconds,
        "median_s": float(np.median(load.seconds)),
        "slowest_s": max(load.seconds),
        "places_taken_at_the_end": health["taken"],
        "after_a_third_mib": resident[len(resident) // 3],
        "at_the_end_mib": resident[-1],
        "largest_mib": max(resident),
        "exit_status": status,
    }
    print(json.dumps(report, indent=2) if args.json else _line(report, args.clients, args.seconds))
    for reason in load.lost[:5]:
        print(reason, file=sys.stderr)
    grown = report["at_the_end_mib"] > LIMIT * report["after_a_third_mib"]
    return 1 if load.lost or grown or health["taken"] or status else 0


def _forms(side: int) -> list[tuple[Size, dict[str, bytes]]]:
    sizes = [Size(side, side * 3 // 4), Size(side // 2, side // 2), Size(side // 3, side * 2 // 3)]
    forms = []
    for size in sizes:
        known = synthetic(size, 0.2)
        forms.append((size, {"image": _png(known.image), "trimap": _png(known.trimap)}))
    return forms


def _png(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def _pressed(load: Load, clients: int, server: int) -> list[float]:
    """Run the clients; return the server's resident memory, once a second."""
    threads = [threading.Thread(target=load.client, args=(number,)) for number in range(clients)]
    resident = [_tree_mib(server)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(1)
        resident.append(_tree_mib(server))
    return resident


def _tree_mib(process: int) -> float:
    """Return what a process and its children have in memory, without what they share."""
    total = 0.0
    for each in (process, *_children(process)):
        try:
            text = Path(f"/proc/{each}/smaps_rollup").read_text()
        except OSError:  # it has ended
            continue
        total += sum(int(kib) for kib in re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)) / 1024
    return total


def _children(process: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{process}/task").iterdir():
        try:
            found += map(int, (thread / "children").read_text().split())
        except OSError:
            continue
    return found + [grandchild for child in found for grandchild in _children(child)]


def _line(report: dict[str, Any], clients: int, seconds: float) -> str:
    return (
        f"{clients} clients, {seconds:.0f} s: {report['cut out']} cut out "
        f"({report['per_second']:.2f}/s; median {report['median_s']:.1f} s, slowest "
        f"{report['slowest_s']:.1f} s), {report.get('damaged', 0)} damaged refused, "
        f"{report.get('given up', 0)} given up, {report.get('told to come back', 0)} told to come "
        f"back; {report['lost']} lost.  "
        f"Memory: {report['after_a_third_mib']:.0f} MiB after a third, "
        f"{report['at_the_end_mib']:.0f} at the end, largest {report['largest_mib']:.0f}."
    )


if __name__ == "__main__":
    sys.exit(main())
