"""What the benchmarks measure with measures what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


def test_a_launched_program_s_peak_is_its_own() -> None:
    ballast = np.ones(25_000_000)  # 191 MiB, which a child of this process would be charged with
    command = [sys.executable, str(BENCHMARKS / "launch.py"), "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ballast.any()
    assert json.loads(done.stdout.splitlines()[-1])["mib"] < 100


def test_a_launched_program_that_fails_says_so() -> None:
    command = [sys.executable, str(BENCHMARKS / "launch.py"), "false"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "status 1" in done.stderr


def test_what_came_before_does_not_count_to_the_peak() -> None:
    code = """
import resident
ballast = b"1" * 2**27
before = resident.peak_mib()
del ballast
resident.forget_peak()
assert before - resident.peak_mib() > 100, (before, resident.peak_mib())
assert resident.peak_mib() >= resident.now_mib() - 1
"""
    environment = os.environ | {"PYTHONPATH": str(BENCHMARKS)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
