"""What the benchmarks measure with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"

linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


@linux
def test_a_launched_program_s_peak_is_its_own() -> None:
    ballast = np.ones(25_000_000)  # 191 MiB, which a child of this process would be charged with
    command = [sys.executable, str(BENCHMARKS / "launch.py"), "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ballast.any()
    assert json.loads(done.stdout.splitlines()[-1])["mib"] < 100


@linux
def test_a_launched_program_that_fails_says_so() -> None:
    command = [sys.executable, str(BENCHMARKS / "launch.py"), "false"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "status 1" in done.stderr


@linux
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


def test_a_network_that_was_trained_for_comparison_stands_beside_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    networks, portraits = import_module("portrait_networks"), import_module("portraits")
    recipe = networks.recipe("U-Net")
    network = recipe.parts["network"].eval()
    trained = networks.Trained("U-Net", recipe, network, side_px=32, crops=48)
    weights = trained.save(tmp_path / "runs")
    image = np.random.default_rng(0).integers(0, 256, (60, 45, 3), np.uint8)
    alpha = networks.Trained.read(weights).alpha(image)
    assert (alpha.shape, alpha.dtype) == ((60, 45), np.float32)
    np.testing.assert_array_equal(alpha, trained.alpha(image))

    cv2.imwrite(str(tmp_path / "one.jpg"), image)
    cv2.imwrite(str(tmp_path / "one_alpha.png"), np.eye(60, 45, dtype=np.uint8) * 255)
    words = ["portraits.py", str(tmp_path), "--weights", str(weights)]
    monkeypatch.setattr(sys, "argv", words)
    monkeypatch.setenv("COLUMNS", "200")
    portraits.main()
    heading = next(line for line in capsys.readouterr().out.splitlines() if "GrabCut" in line)
    assert "hfam" in heading
    assert "U-Net, 48 crops" in heading
