"""Turns a torch module into one ONNX file with a manifest, proven before it is written.

    module ──► torch.onnx ──► gate: computes what torch does, at sizes and batches never traced
           ──► weights to half precision ──► gate: the same, with a larger tolerance
           ──► golden tensor ──► FILE.onnx with the spec inside, FILE.json

Nothing is written when a step fails.  Needs the extra ``train``; never imported at inference.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

from matteplug import weights
from matteplug.engine import OrtEngine
from matteplug.errors import NetworkError
from matteplug.export import parity
from matteplug.export.half_storage import halve
from matteplug.export.parity import Case, Difference
from matteplug.export.tracing import trace
from matteplug.network import NetworkSpec
from matteplug.runtime import golden
from matteplug.types import Tensor

METADATA_KEY = "matteplug.spec"
"""Key of the ONNX file's metadata that has the spec as JSON."""


def export(
    module: nn.Module,
    spec: NetworkSpec,
    path: Path,
    cases: Sequence[Case] = parity.CASES,
    *,
    checkpoint: Path | None = None,
    half: bool = True,
    say: Callable[[str], None] = print,
) -> NetworkSpec:
    """Write `path` (ONNX) and the manifest beside it, if the graph computes what the module does.

    Args:
        module: takes the spec's inputs in order, each (B, C, H, W) float32 in the graph's own
            range, and returns the spec's outputs in order (one tensor, or a tuple).
        spec: the network's description; weights, checksum, golden tensor and provenance are filled
            in.
        path: the ONNX file.
        cases: batches and sizes to compare graph and module at; sizes are raised to what the size
            rule allows.
        checkpoint: the file that the module's weights come from; its checksum is stored.
        half: store the weights in half precision; those of a discontinuous graph stay as they are.
        say: receives the report, line by line.

    Returns:
        The spec as it is in the manifest.

    Raises:
        NetworkError: the module cannot be exported, or the graph differs from it.
        ValueError: the cases are fewer than six sizes and two batches beside the traced ones.
    """
    module = module.eval()
    samples = parity.sample(spec, parity.fitted(spec, cases), _numpy(module))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as folder:
        draft, manifest = Path(folder) / "draft.onnx", Path(folder) / "draft.json"
        model, cached = trace(module, spec)
        _forget_origin(model.graph)
        onnx.save(model, draft)
        differences = parity.compare(draft, spec, samples)
        if cached and parity.beyond(spec, differences):
            model, _ = trace(module, spec, again=True)  # the cached one may be of other code
            _forget_origin(model.graph)
            onnx.save(model, draft)
            differences = parity.compare(draft, spec, samples)
        for difference in differences:
            say(f"  {difference}")
        parity.gate(spec, differences)
        provenance: dict[str, Any] = {
            **spec.provenance,
            "torch": torch.__version__,
            "checkpoint_sha256": weights.sha256_of(checkpoint) if checkpoint else "",
            "parity": _summary(differences, parity.TOLERANCE),
        }
        say(f"worst difference to torch: {provenance['parity']['worst']:.1e}")
        if half and not spec.discontinuous:
            model = halve(model)
            onnx.save(model, draft)
            differences = parity.compare(draft, spec, samples)
            parity.gate_half(spec, differences)
            provenance["half"] = _summary(differences, parity.HALF_TOLERANCE)
            say(f"with half-precision weights: {provenance['half']['worst']:.1e}")
        spec = replace(spec, weights=path.name, sha256="", provenance=provenance)
        spec = replace(spec, golden=_golden(draft, spec))
        model.metadata_props.add(key=METADATA_KEY, value=json.dumps(spec.to_json()))
        onnx.checker.check_model(model)
        onnx.save(model, draft)
        spec = replace(spec, sha256=weights.sha256_of(draft))
        text = json.dumps(spec.to_json(), indent=2, ensure_ascii=False)
        manifest.write_text(f"{text}\n", encoding="utf-8")
        os.replace(draft, path)
        os.replace(manifest, path.with_suffix(".json"))
    say(f"wrote {path} ({path.stat().st_size / 2**20:.1f} MiB) and its manifest")
    return spec


def _forget_origin(graph: onnx.GraphProto) -> None:
    """Drop the exporter's notes about every node: stack traces with paths of this machine."""
    for part in (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    del graph.metadata_props[:]
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*attribute.graphs, attribute.g):
                if inner.node:
                    _forget_origin(inner)


def _numpy(module: nn.Module) -> Callable[..., tuple[Tensor, ...]]:
    """Return the module as a function of arrays."""

    def run(*arrays: Tensor) -> tuple[Tensor, ...]:
        with torch.inference_mode():
            outputs = module(*(torch.from_numpy(array) for array in arrays))
        outputs = (outputs,) if isinstance(outputs, torch.Tensor) else outputs
        return tuple(output.numpy() for output in outputs)

    return run


def _golden(graph: Path, spec: NetworkSpec) -> dict[str, Any]:
    """Return the golden tensor: the CPU's output for a synthetic test picture, by the engine.

    Raises:
        NetworkError: the output is trivial for every test picture.
    """
    session = OrtEngine(locate=lambda _: graph).session(spec, "cpu")
    for size, seed in golden.PICTURES:
        outputs = session.run(golden.example(spec, size, seed))
        if golden.tells(outputs.values()):
            return golden.record(outputs, size, seed)
    raise NetworkError(
        "export-silent",
        f"{spec.id} finds nothing in any of the {len(golden.PICTURES)} test pictures.",
        "Train it further.",
    )


def _summary(differences: Sequence[Difference], tolerance: float) -> dict[str, Any]:
    return {
        "worst": max(difference.worst for difference in differences),
        "mean": sum(difference.mean for difference in differences) / len(differences),
        "cases": [[d.case.batch, *d.case.size, d.worst] for d in differences],
        "tolerance": tolerance,
    }
