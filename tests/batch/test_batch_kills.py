"""A batch that is killed at any moment loses nothing; the figure is printed by `batch.kills`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),  # a minute on an idle machine
    pytest.mark.skipif(os.name != "posix", reason="forks the processes that it kills"),
]


def run(code: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def test_nothing_is_lost_wherever_a_batch_is_killed() -> None:
    ended = run("import sys; sys.argv += ['--watched', '10']; from batch.kills import main; main()")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("50 at moments, 10 at moments of a watch: nothing was lost.\n")


def test_the_kills_see_what_is_left_behind() -> None:
    """Where nothing sweeps up, the check fails: it can."""
    ended = run(
        "from matteplug_batch import leftovers\n"
        "leftovers.remove = lambda folders: None\n"
        "from batch.kills import main; main()"
    )
    assert "results are missing, or too many" in ended.stderr
