"""What a host that starts a worker for every call waits besides the network: GIMP does."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hosts.metadata import ROOT, describe
from matteplug import bridge

pytestmark = [pytest.mark.host, pytest.mark.alone]

LIMIT_S = 1.5
"""From starting the worker to its answer, without the library's time, which loads the network."""
ROUNDS = 5
SIDE = 64


def test_a_worker_starts_quickly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    describe(tmp_path / "metadata")
    python = tmp_path / "python"
    path = ":".join(map(str, (tmp_path / "metadata", ROOT, ROOT / "hosts")))
    python.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    disc = np.where(x**2 + y**2 < 20**2, 255, 0).astype(np.uint8)
    buffers = {
        "image": bridge.Pixels("RGB u8", SIDE, SIDE, np.dstack([disc] * 3).tobytes()),
        "selection": bridge.Pixels("Y u8", SIDE, SIDE, disc.tobytes()),
    }
    measured = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        with bridge.Worker(str(python)) as worker:
            greeted = time.perf_counter()
            header, _ = worker.matte(buffers, {"alpha": "Y u8"})
            answered = time.perf_counter()
        library_s = header["elapsed_s"]["total"]
        measured.append((answered - started - library_s, greeted - started, library_s))
    cold_s, hello_s, library_s = min(measured)
    with capsys.disabled():
        print(
            f"\nCold worker: {cold_s:.2f} s besides the library ({hello_s:.2f} s to its hello); "
            f"the library, which loads the network, {library_s:.2f} s"
        )
    assert cold_s <= LIMIT_S
