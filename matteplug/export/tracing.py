"""Trace a torch module into an ONNX graph with free batch, height and width; traces are cached.

Tracing with free sizes takes minutes and depends only on the code, while weights change with every
training step.  So the trace is cached in the user's cache folder, keyed by the code, and the
module's weights are written into it by name.  The gate of the export checks the result either way.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import is_dataclass
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

import onnx
import onnxscript.optimizer
import torch
from onnx import numpy_helper
from torch import nn

from matteplug import folders
from matteplug.errors import NetworkError
from matteplug.export import parity
from matteplug.network import NetworkSpec
from matteplug.runtime import golden, normalisation

Model: TypeAlias = onnx.ModelProto
OPSET = 18
"""With later ones, ONNX Runtime computes averages of windows 70 times as slowly."""


def trace(module: nn.Module, spec: NetworkSpec, *, again: bool = False) -> tuple[Model, bool]:
    """Return the module's graph, with its current weights, and whether a cached trace was used.

    Args:
        module: in eval mode; takes and returns the spec's tensors in order.
        spec: names the graph's inputs and outputs.
        again: trace even if there is a cached trace.

    Raises:
        NetworkError: torch cannot export the module.
    """
    path = folders.cache_folder() / "traces" / f"{_key(module, spec)}.onnx"
    model = None if again else _load(path)
    cached = model is not None
    if model is None:
        model = _trace(module, spec)
        _store(path, model)
    _fill(model, module)
    optimized: Model = onnxscript.optimizer.optimize(model)
    return optimized, cached


def _trace(module: nn.Module, spec: NetworkSpec) -> Model:
    """Export; each of the names "batch", "height" and "width" is the same for all inputs."""
    case = parity.traced(spec)
    example = golden.example(spec, case.size, seed=0, batch=case.batch)
    inputs = tuple(torch.from_numpy(normalisation.encode(t, example[t.role])) for t in spec.inputs)
    try:
        with _quiet():
            program = torch.onnx.export(
                module,
                inputs,
                dynamo=True,
                dynamic_shapes=({0: "batch", 2: "height", 3: "width"},) * len(inputs),
                input_names=[tensor.name for tensor in spec.inputs],
                output_names=[tensor.name for tensor in spec.outputs],
                opset_version=OPSET,
                optimize=False,  # it would fold weights, which are filled in later
                verbose=False,
            )
    except Exception as error:  # the exporter raises whatever its passes raise
        reason = str(error).strip().splitlines()[0]
        raise NetworkError("export-failed", f"torch cannot export {spec.id}: {reason}") from error
    assert program is not None  # dynamo=True returns a program
    model: Model = program.model_proto
    return model


def _fill(model: Model, module: nn.Module) -> None:
    """Write the module's parameters and buffers over the initialisers of the same names."""
    weights = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for initializer in model.graph.initializer:
        if initializer.name in weights:
            values = weights[initializer.name].detach().cpu().numpy()
            initializer.CopyFrom(numpy_helper.from_array(values, initializer.name))


def _key(module: nn.Module, spec: NetworkSpec) -> str:
    """Return a hash of everything the trace depends on: code, configuration, shapes, versions."""
    parts = list(module.named_modules())
    facts = {
        "module": str(module),
        "numbers": {name: _numbers(part) for name, part in parts},
        "shapes": {name: list(value.shape) for name, value in module.state_dict().items()},
        "tensors": [tensor.name for tensor in (*spec.inputs, *spec.outputs)],
        "size": repr(spec.size),
        "opset": OPSET,
        "versions": [torch.__version__, onnx.__version__],
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for source in _sources({type(part).__module__ for _, part in parts}):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _sources(modules: set[str]) -> list[Path]:
    """Return the files of `modules`, and of the modules in their packages that they use."""
    packages = tuple({".".join(name.split(".")[:2]) for name in modules} - {"torch.nn"})
    seen: set[str] = set()
    reached = {name for name in modules if name.startswith(packages)}
    while reached:
        seen |= reached
        names = [value for name in reached for value in vars(sys.modules[name]).values()]
        owners = {_owner(value) for value in names}
        reached = {name for name in owners if name.startswith(packages)} - seen
    files = [getattr(sys.modules[name], "__file__", None) for name in sorted(seen)]
    return [Path(file) for file in files if file]


def _owner(value: object) -> str:
    if isinstance(value, ModuleType):
        return value.__name__
    return str(getattr(value, "__module__", ""))


def _numbers(part: nn.Module) -> dict[str, str]:
    """Return a module's own plain attributes and configurations."""
    return {
        name: repr(value)
        for name, value in vars(part).items()
        if isinstance(value, int | float | str | tuple) or is_dataclass(value)
    }


def _load(path: Path) -> Model | None:
    try:
        return onnx.load(path)
    except Exception:  # missing or damaged; the parser raises its own kinds
        return None


def _store(path: Path, model: Model) -> None:
    with suppress(OSError):  # without a writable folder nothing is cached
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        onnx.save(model, draft)
        os.replace(draft, path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the exporter's messages about its passes."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
