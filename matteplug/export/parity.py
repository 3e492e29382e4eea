"""The gate of the export: graph and module agree at sizes and batches never traced."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from matteplug.errors import NetworkError
from matteplug.network import NetworkSpec
from matteplug.runtime import golden, normalisation, sizing
from matteplug.runtime.ort import import_onnxruntime
from matteplug.types import Size, Tensor

TRIES = 12
"""Pictures tried per case, at most, to find one with a non-trivial output."""
TOLERANCE = 1e-4
"""Largest difference between graph and module, outputs being 0 to 1."""
JUMPS = 0.02
"""Fraction of a discontinuous graph's values that may differ by more than the tolerance.

Rounding decides between values that are nearly equal, and what was chosen moves by a pixel.  Input
noise of 3e-6 moves 1.2 % of the pixels of Deep Image Matting by more than 1e-4.
"""
HALF_TOLERANCE = 1e-2
"""The same with the weights in half precision.

It changes a weight by up to 2^-11 of itself, and an output of the shipped networks by up to 6e-3 at
the worst pixel of the noise that they are compared on.  A missing or misplaced weight changes
outputs by 0.1 to 1.
"""


class Case(NamedTuple):
    """A batch and a size to compare at."""

    batch: int
    size: Size


CASES = (
    Case(1, Size(1, 1)),
    Case(3, Size(7, 5)),
    Case(1, Size(57, 33)),
    Case(4, Size(64, 64)),
    Case(1, Size(131, 98)),
    Case(3, Size(112, 200)),
    Case(1, Size(224, 224)),
    Case(1, Size(320, 192)),
)
TRACED = Case(2, Size(530, 300))


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One case's inputs, as the graph takes them, and the module's outputs.

    Attributes:
        case: batch and size.
        inputs: by the graph's names.
        outputs: in the spec's order.
    """

    case: Case
    inputs: dict[str, Tensor]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far a graph is from its module in one case.

    Attributes:
        case: batch and size.
        worst, mean: absolute difference over all outputs; infinite if the graph gave no comparable
            output.
        problem: the graph's error; empty if it ran.
        jumps: fraction of the values that differ by more than `TOLERANCE`.
    """

    case: Case
    worst: float
    mean: float
    problem: str = ""
    jumps: float = 0.0

    def __str__(self) -> str:
        return f"batch {self.case.batch}, {self.case.size}: {self.problem or f'{self.worst:.1e}'}"


def fitted(spec: NetworkSpec, cases: Sequence[Case] = CASES) -> tuple[Case, ...]:
    """Return `cases` with their sizes raised to what the size rule allows, without duplicates.

    Raises:
        ValueError: fewer than six sizes or two batches are left that were not traced.
    """
    raised = dict.fromkeys(_raised(spec, case) for case in cases)
    trace = traced(spec)
    sizes = {case.size for case in raised} - {trace.size}
    batches = {case.batch for case in raised} - {trace.batch}
    if len(sizes) < 6 or len(batches) < 2:
        raise ValueError(
            f"{len(sizes)} sizes and {len(batches)} batches were not traced; 6 and 2 are needed"
        )
    return tuple(raised)


def traced(spec: NetworkSpec) -> Case:
    """Return the case to trace at: no two of its numbers are equal."""
    case = _raised(spec, TRACED)
    if case.size.width == case.size.height:
        wider = Size(case.size.width + spec.size.multiple, case.size.height)
        return Case(case.batch, wider)
    return case


def sample(
    spec: NetworkSpec, cases: Sequence[Case], module: Callable[..., Sequence[Tensor]]
) -> list[Reference]:
    """Run the module, which takes the graph's inputs in order, in every case.

    The picture is the first of `TRIES` with non-trivial outputs, else the last.
    """
    samples = []
    for number, case in enumerate(cases):
        for attempt in range(TRIES):
            seed = number + attempt * len(cases)
            example = golden.example(spec, case.size, seed, case.batch)
            inputs = {t.name: normalisation.encode(t, example[t.role]) for t in spec.inputs}
            outputs = tuple(module(*inputs.values()))
            if golden.tells(outputs):
                break
        samples.append(Reference(case=case, inputs=inputs, outputs=outputs))
    return samples


def compare(graph: Path, spec: NetworkSpec, samples: Sequence[Reference]) -> list[Difference]:
    """Run the graph on the CPU in every case."""
    session = import_onnxruntime().InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    names = [tensor.name for tensor in spec.outputs]
    differences = []
    for reference in samples:
        try:
            outputs = session.run(names, reference.inputs)
        except Exception as error:  # ONNX Runtime's own classes have no public root
            problem = str(error).strip().splitlines()[0]
        else:
            pairs = list(zip(outputs, reference.outputs, strict=True))
            if all(a.shape == b.shape for a, b in pairs):
                errors = np.concatenate([np.abs(a - b).ravel() for a, b in pairs])
                largest = float(errors.max())
                differences.append(
                    Difference(
                        case=reference.case,
                        worst=largest if math.isfinite(largest) else math.inf,
                        mean=float(errors.mean()),
                        jumps=float((~(errors <= TOLERANCE)).mean()),  # a NaN counts
                    )
                )
                continue
            problem = (
                f"its shapes are {[a.shape for a, _ in pairs]}, not {[b.shape for _, b in pairs]}"
            )
        differences.append(
            Difference(case=reference.case, worst=math.inf, mean=math.inf, problem=problem)
        )
    return differences


def worst(differences: Sequence[Difference]) -> Difference:
    """Return the case with the largest difference."""
    return max(differences, key=lambda difference: difference.worst)


def beyond(spec: NetworkSpec, differences: Sequence[Difference]) -> list[Difference]:
    """Return the cases in which a graph differs more than it may; see `gate`."""
    if spec.discontinuous:
        return [d for d in differences if d.problem or d.jumps > JUMPS]
    return [d for d in differences if d.worst > TOLERANCE]


def gate(spec: NetworkSpec, differences: Sequence[Difference]) -> None:
    """Check that a graph is within `TOLERANCE` in every case.

    Of a discontinuous one up to `JUMPS` of a case's values may be beyond it.

    Raises:
        NetworkError: it is not; the worst case is named.
    """
    _require(
        beyond(spec, differences),
        TOLERANCE,
        "export-differs",
        f"The exported graph of {spec.id} differs from torch",
        "Probably a size is baked in: look for int(), ceil(), `if` on sizes, adaptive pooling.",
    )


def gate_half(spec: NetworkSpec, differences: Sequence[Difference]) -> None:
    """Check that a graph with half-precision weights is within `HALF_TOLERANCE`.

    Raises:
        NetworkError: it is not; the worst case is named.
    """
    _require(
        [d for d in differences if d.worst > HALF_TOLERANCE],
        HALF_TOLERANCE,
        "export-half-differs",
        f"With half-precision weights the graph of {spec.id} differs from torch",
        "Add --full, which stores the weights in single precision.",
    )


def _require(
    differences: Sequence[Difference], tolerance: float, code: str, problem: str, hint: str
) -> None:
    """Raise the error if there are cases beyond the tolerance; the worst one is named."""
    if differences:
        largest = worst(differences)
        raise NetworkError(code, f"{problem}: {largest}; the limit is {tolerance:.0e}.", hint)


def _raised(spec: NetworkSpec, case: Case) -> Case:
    return Case(case.batch, sizing.plan(case.size, spec.size).padded)
