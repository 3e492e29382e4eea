"""What the benchmarks measure with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from matteplug.evaluation import samples
from matteplug.training.scenes.photographs import Photographs

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


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    for number in range(24):
        picture = cv2.resize(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8), (160, 120))
        cv2.imwrite(str(tmp_path / f"photo{number}.jpg"), picture)
    return tmp_path


def test_validation_scenes_are_made_once_and_can_be_measured(
    photographs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS / "validation"))
    compose = import_module("compose")
    monkeypatch.setattr(compose, "STYLES", ("solid", "things"))
    monkeypatch.setattr(compose, "SIDE_PX", 96)
    layer = np.zeros((96, 96, 4), np.float16)
    layer[20:70, 20:70] = (0.5, 0.1, 0.1, 1)
    hidden = np.zeros((96, 96), bool)
    hidden[20:40, 20:40] = True
    renders, out = photographs / "renders", photographs / "scenes"
    renders.mkdir()
    np.savez(renders / "camouflage-007.npz", layer=layer, hidden=hidden)
    asked = ["compose", "--photos", str(photographs), "--renders", str(renders)]
    monkeypatch.setattr(sys, "argv", [*asked, "--out", str(out), "--count", "2"])
    assert compose.main() == 0
    made = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    assert len(made) == 3 * 5
    assert compose.main() == 0
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.*")} == made
    for kind in ("trimap1", "trimap2", "strokes"):
        found = samples.find(out, kind)
        names = [sample.name for sample in found.samples]
        assert names == ["cycles-camouflage/007", "drawn-solid/000", "drawn-things/001"]
        for loaded in map(samples.read, found.samples):
            assert loaded.trimap is not None
            assert loaded.truth[loaded.trimap == 255].min(initial=1) > 0.97
            assert loaded.truth[loaded.trimap == 0].max(initial=0) < 0.03
        rendered = samples.read(found.samples[0])
        assert rendered.trimap is not None
        assert (rendered.trimap[hidden] == 128).all()
        assert rendered.truth[hidden].min() == 1


def test_cycles_takes_the_photographs_that_training_holds_out(
    photographs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bpy", ModuleType("bpy"))
    monkeypatch.syspath_prepend(str(BENCHMARKS / "validation" / "cycles"))
    held = import_module("render").held([photographs])
    assert sorted(held) == sorted(Photographs(photographs, "holdout").paths)
