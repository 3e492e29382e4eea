"""The child process of a probe, which may crash or hang: reads a job, writes results line by line.

Standard output is the wire, one JSON object per line; what a library prints goes to standard error.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from matteplug.errors import EngineError, NetworkError
from matteplug.network import NetworkSpec
from matteplug.runtime import golden, ort, providers
from matteplug.runtime.providers import Provider
from matteplug.runtime.sessions import OrtSession

ONE_CONVOLUTION = base64.b64decode(
    "CAcSCW1hdHRlcGx1ZzqGAQoPCgF4CgF3EgF5IgRDb252EgRjb252KjMIAQgBCAMIAxABQgF3SiQAAAA/"
    "AAAAPwAAAD8AAAA/AAAAPwAAAD8AAAA/AAAAPwAAAD9aGwoBeBIWChQIARIQCgIIAQoCCAEKAggECgII"
    "BGIbCgF5EhYKFAgBEhAKAggBCgIIAQoCCAIKAggCQgQKABAN"
)
"""x (1, 1, 4, 4) through a 3×3 kernel of 0.5 to y (1, 1, 2, 2).

It is stored here because the package that makes graphs is not installed at inference.
"""

_BEYOND = 0.5
"""An alpha may overshoot 0 and 1, but not by more than this."""

Tell = Callable[..., None]


def main() -> int:
    """Do the job on standard input."""
    wire = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(**fields: Any) -> None:
        wire.write(json.dumps(fields) + "\n")
        wire.flush()

    job = json.load(sys.stdin)
    provider = providers.named(job["provider"])
    try:
        _one_operator(provider)
        tell(loads=True)
        if job["spec"] is not None:
            _golden(NetworkSpec.from_json(job["spec"]), Path(job["graph"]), provider, tell)
    except EngineError as error:
        tell(reason=error.message.rstrip("."))
    return 0


def _one_operator(provider: Provider) -> None:
    """Run one convolution on the provider alone.

    Raises:
        EngineError: it does not load or run, or already computes this wrongly.
    """
    session = ort.open_session(ONE_CONVOLUTION, provider, strict=True)
    (result,) = session.run(None, {"x": np.ones((1, 1, 4, 4), np.float32)})
    if not np.allclose(result, 4.5, atol=0.05):
        raise EngineError("wrong", f"{provider.title} computes a convolution wrongly.")


def _golden(spec: NetworkSpec, graph: Path, provider: Provider, tell: Tell) -> None:
    """Run the network's golden tensor twice; the first run compiles and allocates."""
    try:
        raw = ort.open_session(graph, provider, record=True)
    except EngineError as error:
        tell(correct=False, reason=error.message.rstrip("."))
        return
    tell(placed=ort.placed_fraction(raw, provider))
    try:
        session = OrtSession(spec, replace(provider, buckets_px=()), raw)
        if not spec.golden:
            reach = session.reach(golden.example(spec, golden.SIZE, golden.SEED))
            wrong = _misread(spec, reach["alpha"])
            if wrong:
                tell(correct=False, reason=wrong)
            else:
                tell(reason="the network has no golden tensor to prove it with")
            return
        inputs = golden.inputs_of(spec)
        session.run(inputs)
        started = time.perf_counter()
        outputs = session.run(inputs)
        tell(milliseconds=round((time.perf_counter() - started) * 1000, 3))
        deviation = golden.compare(spec, outputs)
    except (EngineError, NetworkError, ValueError, KeyError) as error:  # the last two: its example
        tell(correct=False, reason=str(getattr(error, "message", error)).rstrip("."))
        return
    correct = deviation.mean <= provider.tolerance
    tell(correct=correct, difference=round(deviation.mean, 7))
    if not correct:
        tell(
            reason=f"its alpha is off by {deviation.mean:.4f} on average "
            f"(worst {deviation.worst:.3f}; the limit is {provider.tolerance})"
        )


def _misread(spec: NetworkSpec, reach: tuple[float, float]) -> str:
    """Tell what is wrong with how the spec reads an alpha of this reach; empty for nothing.

    Logits that all lie from 0 to 1 would be a network that is sure of nothing.
    """
    (alpha,) = (tensor for tensor in spec.outputs if tensor.role == "alpha")
    low, high = reach
    said = f"its output reaches from {low:.3g} to {high:.3g}"
    if alpha.activation == "sigmoid" and low >= 0 and high <= 1:
        return f"{said}, so that it has had its sigmoid, which would be applied twice"
    plain = (alpha.low, alpha.high, alpha.mean, alpha.stretch) == (0, 1, (), "none")
    if alpha.activation == "none" and plain and (low < -_BEYOND or high > 1 + _BEYOND):
        return f'{said}, which is not an alpha; logits need the activation "sigmoid"'
    return ""


if __name__ == "__main__":
    sys.exit(main())
