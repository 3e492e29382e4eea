"""A network's floating-point rate, relative to what the machine can do.

    python benchmarks/roofline.py [--network citm …] [--side 1024] [--rounds 5] [--json]

Counts the multiply-adds of convolutions and matrix products that ONNX Runtime executes, two
operations each, by one profiled run without graph optimisation.  The network and a large matrix
product, also by ONNX Runtime, take turns on the same threads; the fraction is the median over the
rounds.  Exits with 1 if a network misses the target.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from matteplug import plugins, weights
from matteplug.network import NetworkSpec
from matteplug.runtime import golden, normalisation
from matteplug.runtime.machine import physical_cores
from matteplug.runtime.ort import import_onnxruntime
from matteplug.types import Size

TARGET = 0.5
"""Fraction of the matrix product's rate that a compact network should reach."""
PRODUCT = 2048
"""Side of the matrices."""


def main() -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--network", nargs="+", help="default: all that have weights")
    parser.add_argument("--side", type=int, default=1024, help="side of the picture in pixels")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=physical_cores())
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    networks = plugins.registry().networks
    ids = args.network or [spec.id for spec in networks.values() if spec.weights]
    reports = [measure(networks[i], args.side, args.rounds, args.threads) for i in ids]
    print(json.dumps(reports, indent=2) if args.json else "\n".join(map(_text, reports)))
    return 0 if all(report["fraction"] >= TARGET for report in reports) else 1


def measure(spec: NetworkSpec, side: int, rounds: int, threads: int) -> dict[str, Any]:
    """Return the network's work and rate, the matrix product's rate and their ratio."""
    path = weights.path_of(spec)
    inputs = golden.example(spec, Size(side, side), golden.SEED)
    feed = {
        tensor.name: normalisation.encode(tensor, inputs[tensor.role]) for tensor in spec.inputs
    }
    work = dict(sorted(count(path, feed, threads).items(), key=lambda item: -item[1]))
    network = _session(str(path), threads)
    product = _session(_product(), threads)
    matrix = np.random.default_rng(0).standard_normal((PRODUCT, PRODUCT), dtype=np.float32)
    rates, fractions = [], []
    for number in range(rounds + 1):
        reached = sum(work.values()) / _time(lambda: network.run(None, feed))
        possible = 2 * PRODUCT**3 / _time(lambda: product.run(None, {"a": matrix, "b": matrix}))
        if number:  # the first round warms up
            rates.append((reached, possible))
            fractions.append(reached / possible)
    return {
        "network": spec.id,
        "side_px": side,
        "gflop": {operator: flop / 1e9 for operator, flop in work.items()},
        "network_gflops": max(reached for reached, _ in rates) / 1e9,
        "product_gflops": max(possible for _, possible in rates) / 1e9,
        "fraction": median(fractions),
    }


def count(path: Path, feed: dict[str, Any], threads: int) -> dict[str, int]:
    """Return the floating-point operations of one run by operator."""
    with tempfile.TemporaryDirectory() as folder:
        session = _session(str(path), threads, profile=str(Path(folder) / "run"))
        session.run(None, feed)
        events = json.loads(Path(session.end_profiling()).read_text())
    work: dict[str, int] = defaultdict(int)
    for operator, shapes, out in _executed(events):
        work[operator] += _flop(operator, shapes, out)
    return {operator: flop for operator, flop in work.items() if flop}


def _executed(events: list[dict[str, Any]]) -> Iterator[tuple[str, list[list[int]], list[int]]]:
    """Yield the operator, the shapes of its inputs and that of its first output."""
    for event in events:
        facts = event.get("args", {})
        if facts.get("output_type_shape"):
            shapes = [next(iter(kind.values())) for kind in facts["input_type_shape"]]
            yield facts["op_name"], shapes, next(iter(facts["output_type_shape"][0].values()))


def _flop(operator: str, shapes: list[list[int]], out: list[int]) -> int:
    if operator == "Conv":  # weights: (out, in a group, height, width)
        return 2 * math.prod(out) * math.prod(shapes[1][1:])
    if operator == "ConvTranspose":  # weights: (in, out a group, height, width)
        return 2 * math.prod(shapes[0]) * math.prod(shapes[1][1:])
    if operator == "MatMul":
        return 2 * math.prod(out) * shapes[0][-1]
    if operator == "Gemm":  # (M, K) or (K, M), times (K, N) or (N, K)
        return 2 * math.prod(out) * math.prod(shapes[0]) // out[0]
    return 0


def _session(model: str | bytes, threads: int, profile: str = "") -> Any:
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = profile
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _product() -> bytes:
    shape = [PRODUCT, PRODUCT]
    a, b, c = (helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in "abc")
    graph = helper.make_graph([helper.make_node("MatMul", ["a", "b"], ["c"])], "ab", [a, b], [c])
    opsets = [helper.make_opsetid("", 18)]
    model: bytes = onnx.helper.make_model(
        graph, opset_imports=opsets, ir_version=10
    ).SerializeToString()
    return model


def _time(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _text(report: dict[str, Any]) -> str:
    met = "met   " if report["fraction"] >= TARGET else "MISSED"
    parts = ", ".join(f"{operator} {gflop:.1f}" for operator, gflop in report["gflop"].items())
    return (
        f"{report['network']} at {report['side_px']}²: {sum(report['gflop'].values()):.1f} GFLOP "
        f"({parts}); {report['network_gflops']:.0f} of {report['product_gflops']:.0f} GFLOP/s\n"
        f"  {met} {report['fraction']:.2f} of a {PRODUCT}² matrix product's rate, target {TARGET}"
    )


if __name__ == "__main__":
    sys.exit(main())
