"""Compare 8-bit quantised convolutions with single precision.

    python benchmarks/precision.py --shared ../shared [--side 1024] [--rounds 5]

Static quantisation by ONNX Runtime's own tool, of convolutions over `WIDE` channels: 8-bit
weights per channel, 8-bit activations, calibrated on synthetic pictures.  The error is that of
`matteplug evaluate`, the mean over the nine pictures of alphamatting.com with both trimaps; the
time is that of one picture, both in turn.  Worth it only if SAD rises by less than 2 % and it is at
least 1.4 times as fast.  ONNX Runtime has no bfloat16 convolutions on x86 CPUs, so there is nothing
to compare.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from matteplug import plugins, weights
from matteplug.evaluation.metrics import measure
from matteplug.runtime import golden, normalisation
from matteplug.runtime.machine import physical_cores
from matteplug.runtime.ort import import_onnxruntime
from matteplug.types import Size
from pictures import KnownPicture, scaled_up, synthetic

NETWORK = "citm"
WORSE, FASTER = 1.02, 1.4
WIDE = 16
"""Input channels from which on a convolution is quantised; the priors' filters have fewer."""
CALIBRATION = [Size(256, 224), Size(320, 256), Size(448, 320)]
NAMES = ("GT02", "GT05", "GT08", "GT11", "GT14", "GT17", "GT20", "GT23", "GT26")
TRIMAPS = ("trimap1", "trimap2")


def main() -> int:
    """Print error and time of both; return 0 if 8 bits are worth it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shared", type=Path, required=True, help="folder with eval/alphamatting")
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    single = weights.path_of(plugins.registry().network(NETWORK))
    with tempfile.TemporaryDirectory() as folder:
        eight = quantised(single, Path(folder))
        sessions = {"single precision": _session(single), "eight bits": _session(eight)}
        sizes = {"single precision": single.stat().st_size, "eight bits": eight.stat().st_size}
    times = _times(sessions, args.side, args.rounds)
    errors = {name: _error(session, args.shared) for name, session in sessions.items()}
    for name in sessions:
        mib = sizes[name] / 2**20
        print(f"{name:17} SAD {errors[name]:.3f}  {min(times[name]):.3f} s  {mib:.1f} MiB")
    worse = errors["eight bits"] / errors["single precision"]
    faster = median(a / b for a, b in zip(*times.values(), strict=True))
    worth = worse < WORSE and faster >= FASTER
    print(f"SAD × {worse:.3f}, {faster:.2f} times as fast: {'worth it' if worth else 'not kept'}")
    return 0 if worth else 1


def quantised(graph: Path, folder: Path) -> Path:
    """Return the same graph with 8-bit convolutions."""
    import onnx
    from onnxruntime import quantization  # type: ignore[attr-defined]  # a package, untyped

    logging.disable(logging.WARNING)  # it advises a preparation that `_session` has done
    plain, out = folder / "plain.onnx", folder / "eight.onnx"
    _session(graph, write=plain)  # the half-precision weights become plain ones
    model = onnx.load(plain)
    shapes = {weight.name: weight.dims for weight in model.graph.initializer}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    wide = [node.name for node in convolutions if shapes.get(node.input[1], [0, 0])[1] >= WIDE]
    quantization.quantize_static(
        str(plain),
        str(out),
        _Calibration(),
        quant_format=quantization.QuantFormat.QDQ,
        nodes_to_quantize=wide,
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
    )
    return out


class _Calibration:
    """Feeds synthetic pictures: a CalibrationDataReader of onnxruntime.quantization."""

    def __init__(self) -> None:
        self._feeds: Iterator[dict[str, Any]] = iter(
            [_feed(synthetic(size, unknown)) for size in CALIBRATION for unknown in (0.1, 0.4)]
        )

    def get_next(self) -> dict[str, Any] | None:
        return next(self._feeds, None)


def _session(graph: Path, write: Path | None = None) -> Any:
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = physical_cores()
    options.log_severity_level = 3
    if write is not None:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(write)
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def _feed(scene: KnownPicture) -> dict[str, Any]:
    image = scene.image.transpose(2, 0, 1)[None].astype(np.float32)
    return {"image": image, "trimap": scene.trimap[None, None].astype(np.float32)}


def _error(session: Any, shared: Path) -> float:
    """Return the mean SAD over pictures and trimaps."""
    sads = []
    for name in NAMES:
        for trimap in TRIMAPS:
            scene = scaled_up(shared, name, trimap=trimap)
            (alpha,) = session.run(["alpha"], _feed(scene))
            sads.append(measure(scene.alpha, alpha[0, 0], scene.trimap).sad)
    return float(np.mean(sads))


def _times(sessions: dict[str, Any], side: int, rounds: int) -> dict[str, list[float]]:
    spec = plugins.registry().network(NETWORK)
    inputs = golden.example(spec, Size(side, side), golden.SEED)
    feed = {
        tensor.name: normalisation.encode(tensor, inputs[tensor.role]) for tensor in spec.inputs
    }
    times: dict[str, list[float]] = {name: [] for name in sessions}
    for number in range(rounds + 1):
        for name, session in sessions.items():
            started = time.perf_counter()
            session.run(None, feed)
            if number:  # the first round warms up
                times[name].append(time.perf_counter() - started)
    return times


if __name__ == "__main__":
    sys.exit(main())
