"""Overhead of the library over the bare session, ONNX Runtime against torch, and import time.

    python benchmarks/engine.py [--side 1024] [--rounds 7] [--threads N] [--json]

All contestants take turns in one run.  Times are those of the best round; ratios are medians over
the rounds, since on a busy machine means measure the other programs.  Exits with 1 if a target is
missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from matteplug import matte, plugins, weights
from matteplug.engine import OrtEngine
from matteplug.network import NetworkSpec
from matteplug.runtime import golden, normalisation
from matteplug.runtime.ort import import_onnxruntime
from matteplug.types import Size

MATTE_LIMIT = 1.08
"""matte() without foreground estimation, over the bare session."""
IMPORT_LIMIT = 1.5
"""Importing matteplug, over importing numpy."""
HEAVY = ("torch", "onnxruntime", "numba")
SESSION, MATTE = "bare ONNX Runtime session", "matte() without foreground estimation"
NUMPY, PACKAGE, API = "import numpy", "import matteplug", "from matteplug import matte"


def main() -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--network", default="citm")
    parser.add_argument("--side", type=int, default=1024, help="side of the picture in pixels")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, help="default: one per physical core")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()

    spec = plugins.registry().network(args.network)
    imports = import_times(args.rounds)
    times = engine_times(spec, args.side, args.rounds, OrtEngine(threads=args.threads))
    report: dict[str, Any] = {
        "network": args.network,
        "side_px": args.side,
        "seconds": {name: min(taken) for name, taken in times.items()},
        "over_session": {name: _ratio(times, name, SESSION) for name in times},
        "import_seconds": {name: min(taken) for name, taken in imports.items()},
        "import_over_numpy": {name: _ratio(imports, name, NUMPY) for name in imports},
        "heavy_modules": heavy_modules(),
    }
    met = {
        f"{MATTE} at most {MATTE_LIMIT} of the session": report["over_session"][MATTE]
        <= MATTE_LIMIT,
        f"{PACKAGE} at most {IMPORT_LIMIT} of numpy's": report["import_over_numpy"][PACKAGE]
        <= IMPORT_LIMIT,
        f"no {', '.join(HEAVY)} imported": not report["heavy_modules"],
    }
    report["targets"] = met
    print(json.dumps(report, indent=2) if args.json else _text(report))
    return 0 if all(met.values()) else 1


def engine_times(
    spec: NetworkSpec, side: int, rounds: int, engine: OrtEngine
) -> dict[str, list[float]]:
    """Time matte(), the bare session and torch eager on one picture, in seconds."""
    onnxruntime = import_onnxruntime()
    inputs = golden.example(spec, Size(side, side), golden.SEED)
    image = np.rint(inputs["image"][0].transpose(1, 2, 0) * 255).astype(np.uint8)
    guides = {
        role: np.rint(inputs[role][0, 0] * 255).astype(np.uint8)
        for role in ("trimap",)
        if role in inputs
    }
    feed = {
        tensor.name: normalisation.encode(tensor, inputs[tensor.role]) for tensor in spec.inputs
    }
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = engine.threads
    session = onnxruntime.InferenceSession(
        str(weights.path_of(spec)), options, providers=["CPUExecutionProvider"]
    )
    foreground: list[float] = []

    def whole() -> float:
        started = time.perf_counter()
        result = matte(image, network=spec.id, provider="cpu", engine=engine, **guides)
        took = time.perf_counter() - started
        foreground.append(result.elapsed_s["foreground"])
        return took - foreground[-1]

    contestants: dict[str, Callable[[], float]] = {
        SESSION: _timed(lambda: session.run(None, feed)),
        MATTE: whole,
        "foreground estimation": lambda: foreground[-1],
    }
    eager = _torch_eager(spec, list(feed.values()), engine.threads)
    if eager is not None:
        contestants["torch eager"] = _timed(eager)
    return _rounds(contestants, rounds)


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


def import_times(rounds: int) -> dict[str, list[float]]:
    """Time statements in fresh interpreters, in seconds."""
    return _rounds({text: partial(_import_time, text) for text in (NUMPY, PACKAGE, API)}, rounds)


def _import_time(statement: str) -> float:
    program = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    return float(subprocess.check_output([sys.executable, "-c", program], text=True))


def heavy_modules() -> list[str]:
    """Return the heavy modules that importing the API imports."""
    program = "from matteplug import matte; import sys; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    return [name for name in HEAVY if name in loaded]


def _timed(call: Callable[[], Any]) -> Callable[[], float]:
    def timed() -> float:
        started = time.perf_counter()
        call()
        return time.perf_counter() - started

    return timed


def _rounds(contestants: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run the contestants in turn, the first time unmeasured; return the times of each."""
    for contestant in contestants.values():
        contestant()
    times = [{name: run() for name, run in contestants.items()} for _ in range(rounds)]
    return {name: [taken[name] for taken in times] for name in contestants}


def _ratio(times: dict[str, list[float]], name: str, base: str) -> float:
    return median(a / b for a, b in zip(times[name], times[base], strict=True))


def _text(report: dict[str, Any]) -> str:
    lines = [f"{report['network']} at {report['side_px']}²:"]
    lines += _table(report["seconds"], report["over_session"])
    lines.append("imports in a fresh interpreter:")
    lines += _table(report["import_seconds"], report["import_over_numpy"])
    lines += [f"{'met   ' if met else 'MISSED'} {name}" for name, met in report["targets"].items()]
    return "\n".join(lines)


def _table(seconds: dict[str, float], ratios: dict[str, float]) -> list[str]:
    return [f"  {name:40} {seconds[name] * 1000:8.0f} ms {ratios[name]:6.2f} ×" for name in seconds]


if __name__ == "__main__":
    sys.exit(main())
