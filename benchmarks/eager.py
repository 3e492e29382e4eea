"""An exported graph beside the same network in torch eager: processor time on one thread.

Both take turns; the best of the rounds counts.  Processor time, not the clock's, since other
programs may run.  Torch's weights are random, which takes the same time.

usage: python benchmarks/eager.py FILE.onnx [--config paper] [--side 512] [--rounds 3]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from matteplug import weights
from matteplug.networks import families
from matteplug.runtime import golden, normalisation
from matteplug.runtime.ort import import_onnxruntime
from matteplug.types import Size


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graph", type=Path, help="its manifest lies beside it")
    parser.add_argument("--config", default="paper")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    spec = weights.read_manifest(args.graph.with_suffix(".json"))
    example = golden.example(spec, Size(args.side, args.side), seed=0)
    feed = {t.name: normalisation.encode(t, example[t.role]) for t in spec.inputs}
    ort = import_onnxruntime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(args.graph), options, providers=["CPUExecutionProvider"])
    family = families.family(spec.id, args.config)
    module = family.export_module(family.build(args.config))
    tensors = [torch.from_numpy(array) for array in feed.values()]

    def eager() -> Any:
        with torch.inference_mode():
            return module(*tensors)

    times: dict[str, list[float]] = {"graph": [], "eager": []}
    for _ in range(args.rounds):
        times["graph"].append(_spent(lambda: session.run(None, feed)))
        times["eager"].append(_spent(eager))
    graph_s, eager_s = min(times["graph"]), min(times["eager"])
    seconds = f"graph {graph_s:.2f} s, torch eager {eager_s:.2f} s"
    print(f"{spec.id} {args.config}, {args.side}²: {seconds}, ratio {graph_s / eager_s:.2f}")


def _spent(call: Callable[[], Any]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


if __name__ == "__main__":
    main()
