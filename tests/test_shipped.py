"""The networks that the library ships are small, proven, and what their manifests say."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
import torch

from matteplug import weights
from matteplug.engine import OrtEngine
from matteplug.export import METADATA_KEY, parity
from matteplug.networks import checkpoints, families
from matteplug.runtime import golden, normalisation, providers

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


def test_its_checkpoint_computes_its_golden_tensor(manifest: Path) -> None:
    spec = weights.read_manifest(manifest)
    config = spec.provenance["config"]
    family = families.family(spec.id, config)
    model = family.build(config)
    found = checkpoints.read(checkpoint_of(manifest), spec.id, config)
    checkpoints.load_into(model, found.state, f"the shipped checkpoint of {spec.id}")
    example = golden.inputs_of(spec)
    arrays = [torch.from_numpy(normalisation.encode(t, example[t.role])) for t in spec.inputs]
    with torch.inference_mode():
        made = family.export_module(model).eval()(*arrays)
    made = (made,) if isinstance(made, torch.Tensor) else made
    pairs = zip(spec.outputs, made, strict=True)
    outputs = {t.role: normalisation.decode(t, array.numpy()) for t, array in pairs}
    assert golden.compare(spec, outputs).mean <= providers.CPU.tolerance


def test_it_was_exported_from_the_checkpoint_beside_it(manifest: Path) -> None:
    provenance = weights.read_manifest(manifest).provenance
    assert provenance["checkpoint_sha256"] == weights.sha256_of(checkpoint_of(manifest))


def test_the_file_says_what_it_is(manifest: Path) -> None:
    model = onnx.load(weights.path_of(weights.read_manifest(manifest)))
    entries = {entry.key: entry.value for entry in model.metadata_props}
    embedded = json.loads(entries[METADATA_KEY])
    beside = json.loads(manifest.read_text(encoding="utf-8"))
    for key in ("id", "inputs", "outputs", "size", "overlap_px", "golden"):
        assert embedded[key] == beside[key]
    assert embedded["provenance"]["checkpoint_sha256"] == beside["provenance"]["checkpoint_sha256"]
