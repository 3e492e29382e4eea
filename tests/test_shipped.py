"""The networks that the library ships are small, proven, and what their manifests say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
import torch

from matteplug import weights
from matteplug.engine import OrtEngine
from matteplug.export import METADATA_KEY, parity
from matteplug.networks import checkpoints, families
from matteplug.runtime import golden, normalisation, providers
from matteplug.types import Tensor

MANIFESTS = sorted(weights.exported_folder().glob("*.json"))
pytestmark = pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)


def test_it_is_small_and_was_let_through_the_gate(manifest: Path) -> None:
    spec = weights.read_manifest(manifest)
    path = weights.path_of(spec)  # compares the checksum
    assert path.stat().st_size <= 20 * 2**20
    assert spec.provenance["parity"]["worst"] <= parity.TOLERANCE
    assert spec.provenance["half"]["worst"] <= parity.HALF_TOLERANCE
    assert spec.licence
    assert spec.training_data


def test_the_cpu_reproduces_its_golden_tensor(manifest: Path) -> None:
    spec = weights.read_manifest(manifest)
    outputs = OrtEngine().session(spec, "cpu").run(golden.inputs_of(spec))
    assert golden.compare(spec, outputs).mean <= providers.CPU.tolerance
    off = {role: array * 1.05 for role, array in outputs.items()}
    assert golden.compare(spec, off).mean > providers.CPU.tolerance  # 5 % are noticed


def checkpoint_of(manifest: Path) -> Path:
    return manifest.parent / "checkpoints" / f"{manifest.stem}.pt"


def module_of(manifest: Path) -> Callable[..., tuple[Tensor, ...]]:
    """Return the graph in torch, with the weights of the checkpoint: arrays in, arrays out."""
    spec = weights.read_manifest(manifest)
    config = spec.provenance["config"]
    family = families.family(spec.id, config)
    model = family.build(config)
    checkpoint = checkpoints.read(checkpoint_of(manifest), spec.id, config)
    checkpoints.load_into(model, checkpoint.state, f"the shipped checkpoint of {spec.id}")
    module = family.export_module(model).eval()

    def run(*arrays: Tensor) -> tuple[Tensor, ...]:
        with torch.inference_mode():
            outputs = module(*(torch.from_numpy(array) for array in arrays))
        outputs = (outputs,) if isinstance(outputs, torch.Tensor) else outputs
        return tuple(output.numpy() for output in outputs)

    return run


def test_its_checkpoint_computes_its_golden_tensor(manifest: Path) -> None:
    spec = weights.read_manifest(manifest)
    example = golden.inputs_of(spec)
    arrays = module_of(manifest)(
        *(normalisation.encode(tensor, example[tensor.role]) for tensor in spec.inputs)
    )
    pairs = zip(spec.outputs, arrays, strict=True)
    outputs = {t.role: normalisation.decode(t, array) for t, array in pairs}
    assert golden.compare(spec, outputs).mean <= providers.CPU.tolerance


@pytest.mark.slow
def test_its_checkpoint_passes_the_gate_of_the_export(manifest: Path) -> None:
    spec = weights.read_manifest(manifest)
    samples = parity.sample(spec, parity.fitted(spec)[1::3], module_of(manifest))
    parity.gate_half(spec, parity.compare(weights.path_of(spec), spec, samples))


def test_it_was_exported_from_the_checkpoint_beside_it(manifest: Path) -> None:
    checkpoint = checkpoints.read(checkpoint_of(manifest))
    # layers that were renamed since make another file of the same weights, which says of which
    file = checkpoint.meta.get("original_sha256") or weights.sha256_of(checkpoint_of(manifest))
    assert weights.read_manifest(manifest).provenance["checkpoint_sha256"] == file


def test_the_file_says_what_it_is(manifest: Path) -> None:
    model = onnx.load(weights.path_of(weights.read_manifest(manifest)))
    entries = {entry.key: entry.value for entry in model.metadata_props}
    embedded = json.loads(entries[METADATA_KEY])
    beside = json.loads(manifest.read_text(encoding="utf-8"))
    for key in ("id", "inputs", "outputs", "size", "overlap_px", "golden"):
        assert embedded[key] == beside[key]
    assert embedded["provenance"]["checkpoint_sha256"] == beside["provenance"]["checkpoint_sha256"]
