"""A loaded network: inputs by role in, outputs by role out."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from copy import copy
from dataclasses import replace
from pkgutil import resolve_name
from typing import Any

import numpy as np

from matteplug.errors import Cancelled, EngineError, MatteplugError, NetworkError, first_line
from matteplug.network import NetworkSpec, SizeRule, TensorSpec
from matteplug.plugin_guard import reason
from matteplug.runtime import normalisation, sizing
from matteplug.runtime.ort import import_onnxruntime
from matteplug.runtime.providers import CPU, Provider
from matteplug.types import CancelToken, Size, Tensor


class OrtSession:
    """An ONNX graph in ONNX Runtime; see `matteplug.engine.Session`."""

    def __init__(
        self, spec: NetworkSpec, provider: Provider, session: Any, notes: tuple[str, ...] = ()
    ) -> None:
        self.spec = spec
        self.provider = provider.id
        self.notes = notes
        self._buckets_px = provider.buckets_px
        self._shapes: dict[str, tuple[int, ...]] = {}  # of the last run
        self._session = session
        self._turn = None if provider.concurrent else threading.Lock()
        present = {value.name for value in session.get_inputs() + session.get_outputs()}
        missing = [t.name for t in (*spec.inputs, *spec.outputs) if t.name not in present]
        if missing:
            raise NetworkError(
                "graph-mismatch",
                f"The graph of {spec.id} has no input or output named {', '.join(missing)}.",
                "Export the network again.",
            )

    def run(
        self, inputs: Mapping[str, Tensor], cancel: CancelToken | None = None
    ) -> dict[str, Tensor]:
        """See `matteplug.engine.Session.run`."""
        return self._decoded(*self._raw(inputs, cancel))

    def reach(self, inputs: Mapping[str, Tensor]) -> dict[str, tuple[float, float]]:
        """Run as `run` does; return the lowest and highest value of the graph's own, by role."""
        raw, frame, crop = self._raw(inputs, None)
        self._decoded(raw, frame, crop)
        roles = [tensor.role for tensor in self.spec.outputs]
        return {
            role: (float(array.min()), float(array.max()))
            for role, array in zip(roles, raw, strict=True)
        }

    def _decoded(
        self, raw: list[Tensor], frame: tuple[int, ...], crop: sizing.Fit
    ) -> dict[str, Tensor]:
        """Return what the graph returned as `run` does; the rest is what `_raw` returned."""
        outputs: dict[str, Tensor] = {}
        for tensor, array in zip(self.spec.outputs, raw, strict=True):
            _check_output(array, tensor, frame, f"{self.spec.id} on {self.provider}")
            outputs[tensor.role] = sizing.unfit(normalisation.decode(tensor, array), crop)
        return outputs

    def _raw(
        self, inputs: Mapping[str, Tensor], cancel: CancelToken | None
    ) -> tuple[list[Tensor], tuple[int, ...], sizing.Fit]:
        """Return the graph's outputs, the shape of its inputs, and how they were fitted."""
        normalisation.check(self.spec.inputs, inputs)
        feed: dict[str, Tensor] = {}
        rule = self._rule(Size(*inputs["image"].shape[:1:-1]))
        for tensor in self.spec.inputs:
            nearest = tensor.role == "trimap"
            fitted, crop = sizing.fit(inputs[tensor.role], rule, nearest)
            feed[tensor.name] = normalisation.encode(tensor, fitted)
        names = [tensor.name for tensor in self.spec.outputs]
        if self._turn is None:
            raw = self._run(names, feed, cancel)
        else:
            with self._turn:
                raw = self._run(names, feed, cancel)
        return raw, next(iter(feed.values())).shape, crop

    def noting(self, notes: tuple[str, ...]) -> OrtSession:
        """Return a copy of the session with other notes."""
        twin = copy(self)
        twin.notes = notes
        return twin

    def _rule(self, size: Size) -> SizeRule:
        """Return the size rule for a picture: the network's, raised to the provider's next bucket.

        The provider compiles again for a picture beyond the largest bucket.
        """
        if self.spec.size.fit != "pad":
            return self.spec.size
        longest = max(sizing.plan(size, self.spec.size).padded)
        fitting = [side for side in self._buckets_px if side >= longest]
        return replace(self.spec.size, minimum_px=fitting[0]) if fitting else self.spec.size

    def _run(
        self, names: list[str], feed: Mapping[str, Tensor], cancel: CancelToken | None
    ) -> list[Tensor]:
        options = import_onnxruntime().RunOptions()
        shapes = {name: array.shape for name, array in feed.items()}
        if shapes != self._shapes:
            # Without this, memory grows with every new size.  It costs a twelfth of the run, so it
            # is skipped for further pictures or tiles of one size, whose memory does not grow.
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
            self._shapes = shapes

        def stop() -> None:
            options.terminate = True

        cancel = cancel or CancelToken()
        cancel.add_callback(stop)
        try:
            result: list[Tensor] = self._session.run(names, feed, options)
        except Exception as error:
            if cancel.cancelled:
                raise Cancelled from error
            raise EngineError(
                "run-failed",
                f"{self.spec.id} failed on {self.provider}: {first_line(error)}.",
                "Run: matteplug doctor; for a large picture, set a smaller memory limit.",
            ) from error
        finally:
            cancel.remove_callback(stop)
        cancel.check()
        return result


class SolverSession:
    """A method that is a function rather than a graph; see `matteplug.engine.Session`."""

    provider = CPU.id
    notes: tuple[str, ...] = ()

    def __init__(self, spec: NetworkSpec) -> None:
        self.spec = spec
        try:
            self._solve: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] = resolve_name(
                spec.solver or ""
            )
        except (Exception, SystemExit) as error:  # a stranger's module may raise anything
            raise NetworkError(
                "solver-missing", f"The method {spec.id} cannot be loaded: {reason(error)}."
            ) from error

    def run(
        self, inputs: Mapping[str, Tensor], cancel: CancelToken | None = None
    ) -> dict[str, Tensor]:
        """See `matteplug.engine.Session.run`; a solver is stopped before or after, not within."""
        normalisation.check(self.spec.inputs, inputs)
        cancel = cancel or CancelToken()
        cancel.check()
        try:
            with redirect_stdout(sys.stderr):  # standard output is for reports
                outputs = self._solve({t.role: inputs[t.role] for t in self.spec.inputs})
                arrays = {
                    t.role: np.asarray(outputs[t.role], np.float32) for t in self.spec.outputs
                }
        except MatteplugError:
            raise
        except (Exception, SystemExit) as error:  # a third party's function may raise anything
            raise EngineError("run-failed", f"{self.spec.id} failed: {reason(error)}.") from error
        cancel.check()
        for tensor in self.spec.outputs:
            _check_output(arrays[tensor.role], tensor, inputs["image"].shape, self.spec.id)
        return arrays


def _check_output(array: Any, tensor: TensorSpec, frame: tuple[int, ...], who: str) -> None:
    """Check an output of a graph or solver, whose inputs have batch and size of `frame`.

    Raises:
        EngineError: it is not (B, C, H, W) of finite numbers.
    """
    expected = (frame[0], tensor.channels, *frame[2:])
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
        raise EngineError("output-type", f"{who} returned something else than numbers.")
    if array.shape != expected:
        raise EngineError(
            "output-shape", f"{who} returned {tensor.role} as {array.shape}, not as {expected}."
        )
    if not np.isfinite(array).all():
        raise EngineError(
            "not-a-number",
            f"{who} returned NaN or infinite values.",
            "Run: matteplug doctor; or choose another provider.",
        )
