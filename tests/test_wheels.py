"""The real wheels of ONNX Runtime, each in an environment of its own.

They are installed by pip, so these tests need the package index; without it they are skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import network_guard
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from matteplug import weights
from matteplug.engine import OrtEngine
from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.runtime import golden

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = {
    manifest.stem: weights.read_manifest(manifest)
    for manifest in sorted(weights.exported_folder().glob("*.json"))
}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> NetworkSpec:
    """A network of three convolutions, with the golden tensor that this environment's CPU makes."""
    path = tmp_path_factory.mktemp("network") / "three.onnx"
    rng = np.random.default_rng(5)
    channels = (3, 16, 16, 1)
    nodes, stored, value = [], [], "image"
    for i, (wide, narrow) in enumerate(pairwise(channels)):
        weight = rng.normal(0, 0.02 if i == 0 else 0.2, (narrow, wide, 3, 3)).astype(np.float32)
        stored.append(numpy_helper.from_array(weight, f"w{i}"))
        nodes.append(helper.make_node("Conv", [value, f"w{i}"], [f"c{i}"], pads=[1, 1, 1, 1]))
        value = "alpha" if i == 2 else f"r{i}"
        nodes.append(helper.make_node("Sigmoid" if i == 2 else "Relu", [f"c{i}"], [value]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])
    alpha = helper.make_tensor_value_info("alpha", TensorProto.FLOAT, ["n", 1, "h", "w"])
    graph = helper.make_graph(nodes, "three", [image], [alpha], stored)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path
    )
    plain = NetworkSpec(
        id="three",
        title="Three convolutions",
        guide=Guide.NONE,
        inputs=(TensorSpec(name="image", role="image", channels=3, high=255),),
        outputs=(TensorSpec(name="alpha", role="alpha", channels=1),),
        weights=str(path),
    )
    inputs = golden.example(plain, golden.SIZE, golden.SEED)
    outputs = OrtEngine().session(plain, "cpu").run(inputs)
    assert outputs["alpha"].std() > 0.05  # a flat golden tensor would prove nothing
    return replace(plain, golden=golden.record(outputs))


def environment(folder: Path, wheel: str) -> Path:
    """Install `wheel` into a fresh environment and return its interpreter."""
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = [str(python), "-m", "pip", "install", "-q", wheel, "numpy", "pluggy"]
    command = network_guard.outside(install)
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip(f"{wheel} cannot be installed here: {installed.stderr.strip()[-200:]}")
    return python


@pytest.fixture(scope="module")
def openvino(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("openvino"), "onnxruntime-openvino")


def examine(spec: NetworkSpec, folder: Path, python: Path) -> dict[str, Any]:
    """Examine the machine with another interpreter."""
    (folder / "spec.json").write_text(json.dumps(spec.to_json()))
    script = Path(__file__).parent / "wheels" / "examine.py"
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "MATTEPLUG_CACHE": str(folder / "cache")}
    output = subprocess.check_output([python, script, folder / "spec.json"], env=variables)
    found: dict[str, Any] = json.loads(output)
    return found


@pytest.mark.skipif(Path("/proc/driver/nvidia").exists(), reason="this machine has an NVIDIA card")
def test_the_gpu_wheel_without_a_gpu(spec: NetworkSpec, tmp_path: Path) -> None:
    found = examine(spec, tmp_path, environment(tmp_path, "onnxruntime-gpu"))
    rows = {row["name"]: row for row in found["report"]["providers"]}
    for provider in ("cuda", "tensorrt"):
        assert rows[provider]["listed"]
        assert not rows[provider]["loads"]
        assert ".so" in rows[provider]["reason"]  # it names the library that is missing
        code, sentence = found["refused"][provider]
        assert code == "provider-unproven"
        assert rows[provider]["reason"] in sentence
    assert rows["cpu"]["correct"]
    assert found["auto"] == found["report"]["chosen"] == "cpu"
    assert [note.split(" was passed over")[0] for note in found["notes"]] == [
        "NVIDIA CUDA",
        "NVIDIA TensorRT",
    ]


@pytest.mark.parametrize("network", ["three", *SHIPPED])
def test_openvino_is_proven_and_chosen(
    network: str, spec: NetworkSpec, openvino: Path, tmp_path: Path
) -> None:
    found = examine(SHIPPED.get(network, spec), tmp_path, openvino)
    row = next(row for row in found["report"]["providers"] if row["name"] == "openvino")
    assert (row["listed"], row["loads"], row["correct"]) == (True, True, True), row
    assert row["placed"] > 0.9
    assert row["milliseconds"] > 0
    assert found["auto"] == found["report"]["chosen"] == "openvino"
    assert found["difference"] < 0.002
    assert "openvino" not in found["refused"]
    assert found["refused"]["cuda"][0] == "provider-missing"
