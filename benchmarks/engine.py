"""What the library adds to the bare session, ONNX Runtime against torch, and the cost of importing.

    python benchmarks/engine.py [--side 1024] [--rounds 7] [--threads N] [--json]

All in one run, the contestants taking turns, the best round of each counting: on a busy machine
the mean measures the other programs.  Exits with 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from matteplug import golden, matte, plugins, tensors, weights
from matteplug.engine import OrtEngine
from matteplug.network import NetworkSpec
from matteplug.ort import import_onnxruntime
from matteplug.types import Size

MATTE_LIMIT = 1.08
"""matte() without foreground estimation, over the bare session."""
IMPORT_LIMIT = 1.5
"""Importing matteplug, over importing numpy."""
HEAVY = ("torch", "onnxruntime", "numba")


def main() -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--network", default="citm")
    parser.add_argument("--side", type=int, default=1024, help="side of the picture in pixels")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, help="default: one per physical core")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()

    imports = import_times(args.rounds)
    spec = plugins.registry().network(args.network)
    report = {
        "network": args.network,
        "side_px": args.side,
        "imports_s": imports,
        "heavy_modules": heavy_modules(),
        **engine_times(spec, args.side, args.rounds, OrtEngine(threads=args.threads)),
    }
    report["matte_over_session"] = report["matte_s"] / report["session_s"]
    report["import_over_numpy"] = imports["from matteplug import matte"] / imports["import numpy"]
    met = {
        f"matte() at most {MATTE_LIMIT} of the session": report["matte_over_session"]
        <= MATTE_LIMIT,
        f"import at most {IMPORT_LIMIT} of numpy's": report["import_over_numpy"] <= IMPORT_LIMIT,
        f"no {', '.join(HEAVY)} imported": not report["heavy_modules"],
    }
    report["targets"] = met
    print(json.dumps(report, indent=2) if args.json else _text(report))
    return 0 if all(met.values()) else 1


def engine_times(spec: NetworkSpec, side: int, rounds: int, engine: OrtEngine) -> dict[str, float]:
    """Time matte(), the bare session and torch eager on one picture, in seconds."""
    onnxruntime = import_onnxruntime()
    inputs = golden.example(spec, Size(side, side), golden.SEED)
    image = np.rint(inputs["image"][0].transpose(1, 2, 0) * 255).astype(np.uint8)
    guides = {
        role: np.rint(inputs[role][0, 0] * 255).astype(np.uint8)
        for role in ("trimap",)
        if role in inputs
    }
    feed = {tensor.name: tensors.encode(tensor, inputs[tensor.role]) for tensor in spec.inputs}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = engine.threads
    session = onnxruntime.InferenceSession(
        str(weights.path_of(spec)), options, providers=["CPUExecutionProvider"]
    )
    foreground: list[float] = []

    def whole() -> float:
        started = time.perf_counter()
        made = matte(image, network=spec.id, provider="cpu", engine=engine, **guides)
        took = time.perf_counter() - started
        foreground.append(made.elapsed_s["foreground"])
        return took - foreground[-1]

    contestants: dict[str, Callable[[], float]] = {
        "session_s": _timed(lambda: session.run(None, feed)),
        "matte_s": whole,
    }
    eager = _torch_eager(spec, list(feed.values()), engine.threads)
    if eager is not None:
        contestants["torch_eager_s"] = _timed(eager)
    return {**_best(contestants, rounds), "foreground_s": min(foreground)}


def _torch_eager(
    spec: NetworkSpec, arrays: list[np.ndarray[Any, Any]], threads: int
) -> Callable[[], Any] | None:
    """Return the same network in torch, untrained (the time is the same); None without torch."""
    try:
        import torch
    except ModuleNotFoundError:
        return None
    from matteplug.networks import families

    torch.set_num_threads(threads)
    config = spec.provenance["config"]
    family = families.family(spec.id, config)
    module = family.export_module(family.build(config)).eval()
    inputs = [torch.from_numpy(array) for array in arrays]

    def run() -> Any:
        with torch.inference_mode():
            return module(*inputs)

    return run


def import_times(rounds: int) -> dict[str, float]:
    """Time statements in fresh interpreters, in seconds."""
    statements = ("import numpy", "import matteplug", "from matteplug import matte")
    return _best({text: partial(_import_time, text) for text in statements}, rounds)


def _import_time(statement: str) -> float:
    program = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    return float(subprocess.check_output([sys.executable, "-c", program], text=True))


def heavy_modules() -> list[str]:
    """Return which heavy modules an import of the API brings along."""
    program = "from matteplug import matte; import sys; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    return [name for name in HEAVY if name in loaded]


def _timed(call: Callable[[], Any]) -> Callable[[], float]:
    def timed() -> float:
        started = time.perf_counter()
        call()
        return time.perf_counter() - started

    return timed


def _best(contestants: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Let the contestants take turns, once unmeasured, and return the best time of each."""
    for contestant in contestants.values():
        contestant()
    times = [{name: run() for name, run in contestants.items()} for _ in range(rounds)]
    return {name: min(taken[name] for taken in times) for name in contestants}


def _text(report: dict[str, Any]) -> str:
    lines = [f"{report['network']} at {report['side_px']}², best round of each:"]
    for name, label in (
        ("session_s", "bare ONNX Runtime session"),
        ("matte_s", "matte() without foreground estimation"),
        ("foreground_s", "foreground estimation"),
        ("torch_eager_s", "torch eager"),
    ):
        if name in report:
            ratio = report[name] / report["session_s"]
            lines.append(f"  {label:40} {report[name] * 1000:8.0f} ms  {ratio:5.2f} ×")
    lines.append("imports in a fresh interpreter:")
    for name, seconds in report["imports_s"].items():
        ratio = seconds / report["imports_s"]["import numpy"]
        lines.append(f"  {name:40} {seconds * 1000:8.0f} ms  {ratio:5.2f} ×")
    lines += [f"{'met   ' if met else 'MISSED'} {name}" for name, met in report["targets"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
