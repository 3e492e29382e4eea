"""The classical solvers come in by the hook, solve, and say what is missing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.engine import OrtEngine
from matteplug.errors import EngineError
from matteplug.evaluation import samples
from matteplug.evaluation.methods import Answer
from matteplug.evaluation.scores import evaluate
from matteplug.network import NetworkSpec
from matteplug.networks import classical

SPECS = {spec.id: spec for spec in classical.matteplug_networks()}


@pytest.fixture(scope="module", autouse=True)
def _pymatting() -> None:
    pytest.importorskip("pymatting")


def soft_disc(
    height: int = 40, width: int = 50
) -> tuple[dict[str, NDArray[Any]], NDArray[np.float32]]:
    """Inputs by role of a soft disc in two colours, and the true alpha."""
    disc = np.zeros((height, width), np.float32)
    cv2.circle(disc, (width // 2, height // 2), min(height, width) // 3, 1, -1)
    alpha = np.clip(cv2.GaussianBlur(disc, (0, 0), 2), 0, 1)
    front = np.array([0.9, 0.3, 0.2], np.float32)[:, None, None]
    back = np.array([0.1, 0.5, 0.7], np.float32)[:, None, None]
    image = (alpha * front + (1 - alpha) * back).astype(np.float32)
    trimap = np.where(alpha > 0.98, 1, np.where(alpha < 0.02, 0, 0.5)).astype(np.float32)
    return {"image": image[None], "trimap": trimap[None, None]}, alpha.astype(np.float32)


@pytest.mark.parametrize("method", ["closed-form", "knn"])
def test_a_solver_runs_as_a_network_and_finds_the_alpha(method: str) -> None:
    inputs, truth = soft_disc()
    session = OrtEngine().session(SPECS[method])
    alpha = session.run(inputs)["alpha"]
    unknown = inputs["trimap"][0, 0] == 0.5
    assert (alpha.shape, alpha.dtype) == ((1, 1, 40, 50), np.dtype(np.float32))
    assert np.abs(alpha[0, 0] - truth)[unknown].mean() < 0.08
    np.testing.assert_array_equal(alpha[0, 0][~unknown], inputs["trimap"][0, 0][~unknown])


def test_a_batch_is_solved_picture_by_picture() -> None:
    inputs, _ = soft_disc()
    mirrored = {role: array[..., ::-1] for role, array in inputs.items()}
    both = {role: np.concatenate([inputs[role], mirrored[role]]) for role in inputs}
    alphas = classical.closed_form(both)["alpha"]
    np.testing.assert_allclose(alphas[1, 0], alphas[0, 0, :, ::-1], atol=1e-3)


@pytest.mark.parametrize("solve", [classical.closed_form, classical.knn])
@pytest.mark.parametrize("size", [(1, 7), (7, 5), (2, 30)])
def test_small_pictures_are_solved(solve: Any, size: tuple[int, int]) -> None:
    trimap = np.full((1, 1, *size), 0.5, np.float32)
    trimap[..., 0], trimap[..., -1] = 0, 1
    ramp = np.linspace(0, 1, size[1], dtype=np.float32)
    image = np.broadcast_to(ramp, (1, 3, *size))
    alpha = solve({"image": image, "trimap": trimap})["alpha"]
    assert alpha.shape == (1, 1, *size)
    assert alpha.min() >= 0
    assert alpha.max() <= 1


def test_a_trimap_that_knows_nothing_is_refused() -> None:
    inputs, _ = soft_disc()
    inputs["trimap"] = np.full_like(inputs["trimap"], 0.5)
    with pytest.raises(EngineError, match="found no alpha"):
        classical.closed_form(inputs)


def test_without_pymatting_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymatting", None)
    inputs, _ = soft_disc()
    with pytest.raises(EngineError) as caught:
        classical.knn(inputs)
    assert "matteplug[classical]" in caught.value.hint


def test_listing_them_imports_neither_pymatting_nor_numba() -> None:
    code = (
        "import sys; from matteplug.networks import classical; classical.matteplug_networks();"
        "sys.exit(bool({'pymatting', 'numba', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_specs_are_plain_data(spec: NetworkSpec) -> None:
    assert NetworkSpec.from_json(spec.to_json()) == spec


@pytest.mark.slow
def test_the_recorded_quality_is_what_the_evaluator_measures(shared: Path) -> None:
    found = samples.find(shared / "eval" / "alphamatting", "trimap1")
    one = replace(found, samples=tuple(s for s in found.samples if s.name == "GT14"))

    class ClosedForm:
        name = "closed-form"

        def answer(self, scene: samples.LoadedSample) -> Answer:
            assert scene.trimap is not None
            known = np.array([0, 0.5, 1], np.float32)[scene.trimap.astype(int) // 127]
            image = scene.image.transpose(2, 0, 1).astype(np.float32) / 255
            inputs = {"image": image[None], "trimap": known[None, None]}
            return Answer(classical.closed_form(inputs)["alpha"][0, 0])

    (scores,) = evaluate(one, [ClosedForm()])
    assert scores.images["GT14"].sad == pytest.approx(1.100, abs=0.01)
