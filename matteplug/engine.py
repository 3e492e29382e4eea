"""Run networks: a spec in, a session that turns inputs by role into outputs by role.

`OrtEngine` runs ONNX graphs with ONNX Runtime, which is imported when the first session is made.
Sessions are made once and kept.  The execution provider is chosen here and recorded; a provider
that was asked for and cannot be used is an error, never a silent fallback.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Protocol

import numpy as np

from matteplug import providers, sizing, tensors, weights
from matteplug.errors import Cancelled, EngineError, MatteplugError, NetworkError
from matteplug.machine import physical_cores
from matteplug.network import NetworkSpec
from matteplug.providers import CPU, Provider
from matteplug.tensors import Tensor
from matteplug.types import CancelToken


class Session(Protocol):
    """A network that is ready to run.

    Attributes:
        spec: the network.
        provider: id of the execution provider that runs it.
    """

    @property
    def spec(self) -> NetworkSpec: ...  # noqa: D102

    @property
    def provider(self) -> str: ...  # noqa: D102

    def run(
        self, inputs: Mapping[str, Tensor], cancel: CancelToken | None = None
    ) -> dict[str, Tensor]:
        """Run the network.  Keys are roles; roles that the network does not take are ignored.

        | role                      | shape        | dtype   | range                            |
        |---------------------------|--------------|---------|----------------------------------|
        | image, plate              | (B, 3, H, W) | float32 | [0, 1], RGB                      |
        | trimap                    | (B, 1, H, W) | float32 | 0 background, 0.5 unknown, 1 fg  |
        | segmentation              | (B, 1, H, W) | float32 | [0, 1]                           |
        | result: alpha, confidence | (B, 1, H, W) | float32 | [0, 1]                           |
        | result: foreground        | (B, 3, H, W) | float32 | [0, 1]                           |

        Raises:
            Cancelled: `cancel` was set; the session stays usable.
            EngineError: the provider failed, or returned something that is no number.
            TypeError, ValueError: an input is missing or has another form.
        """


class Engine(Protocol):
    """Makes sessions."""

    def session(self, spec: NetworkSpec, provider: str = "auto") -> Session:
        """Return the session of a network on a provider; made on first use and kept.

        Args:
            spec: the network.
            provider: id of an execution provider, or "auto" for the best that can be trusted.

        Raises:
            EngineError: the provider cannot be used, or the graph cannot be loaded.
            NetworkError: the weights are missing or damaged.
        """


class OrtEngine:
    """Runs networks with ONNX Runtime.

    Args:
        threads: threads for one operator; None for one per physical core.
        spinning: let idle threads wait actively, which is faster back to back and burns a host's
            cores.
        locate: finds and checks the weights of a spec.
    """

    def __init__(
        self,
        *,
        threads: int | None = None,
        spinning: bool = True,
        locate: Callable[[NetworkSpec], Path] = weights.path_of,
    ) -> None:
        self.threads = threads or physical_cores()
        self._spinning = spinning
        self._locate = locate
        self._lock = threading.Lock()
        self._loading: dict[tuple[str, str], threading.Lock] = {}
        self._sessions: dict[tuple[str, str], Session] = {}

    def session(self, spec: NetworkSpec, provider: str = "auto") -> Session:
        """See `Engine.session`; safe from any thread, and two networks load at the same time."""
        chosen = _choose(spec, provider)
        key = (_identity(spec), chosen.id)
        with self._lock:
            loading = self._loading.setdefault(key, threading.Lock())
        with loading:
            if key not in self._sessions:
                self._sessions[key] = self._load(spec, chosen)
            return self._sessions[key]

    def _load(self, spec: NetworkSpec, provider: Provider) -> Session:
        if spec.solver is not None:
            return SolverSession(spec)
        ort = import_onnxruntime()
        path = self._locate(spec)
        if provider.ort_name not in ort.get_available_providers():
            raise EngineError(
                "provider-missing",
                f"The installed ONNX Runtime has no {provider.title}.",
                f"Run: pip install {provider.wheel}",
            )
        options = self._session_options(ort, provider)
        wanted = [(provider.ort_name, dict(provider.options))]
        if provider is not CPU:
            wanted.append((CPU.ort_name, {}))  # for operators that the provider lacks
        try:
            session = ort.InferenceSession(str(path), options, providers=wanted)
        except Exception as error:  # ONNX Runtime's own classes have no public root
            raise EngineError(
                "graph-not-loaded",
                f"{provider.title} cannot load {spec.id}: {_first_line(error)}.",
                "Run: matteplug doctor",
            ) from error
        if session.get_providers()[0] != provider.ort_name:  # it falls back without a word
            raise EngineError(
                "provider-not-loaded",
                f"{provider.title} is listed by ONNX Runtime and cannot be loaded.",
                "Run: matteplug doctor",
            )
        return OrtSession(spec, provider, session)

    def _session_options(self, ort: Any, provider: Provider) -> Any:
        options = ort.SessionOptions()
        options.log_severity_level = 3  # warnings are about graph details nobody can act on
        options.intra_op_num_threads = self.threads
        options.enable_mem_pattern = provider.mem_pattern
        options.add_session_config_entry(
            "session.intra_op.allow_spinning", "1" if self._spinning else "0"
        )
        return options


class OrtSession:
    """An ONNX graph in ONNX Runtime; see `Session`."""

    def __init__(self, spec: NetworkSpec, provider: Provider, session: Any) -> None:
        self.spec = spec
        self.provider = provider.id
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
        """See `Session.run`."""
        tensors.check(self.spec.inputs, inputs)
        feed: dict[str, Tensor] = {}
        for tensor in self.spec.inputs:
            nearest = tensor.role == "trimap"
            fitted, crop = sizing.fit(inputs[tensor.role], self.spec.size, nearest)
            feed[tensor.name] = tensors.encode(tensor, fitted)
        names = [tensor.name for tensor in self.spec.outputs]
        if self._turn is None:
            raw = self._run(names, feed, cancel)
        else:
            with self._turn:
                raw = self._run(names, feed, cancel)
        outputs: dict[str, Tensor] = {}
        for tensor, array in zip(self.spec.outputs, raw, strict=True):
            if not np.isfinite(array).all():
                raise EngineError(
                    "not-a-number",
                    f"{self.spec.id} on {self.provider} returned values that are no numbers.",
                    "Run: matteplug doctor; or choose another provider.",
                )
            outputs[tensor.role] = sizing.unfit(tensors.decode(tensor, array), crop)
        return outputs

    def _run(
        self, names: list[str], feed: Mapping[str, Tensor], cancel: CancelToken | None
    ) -> list[Tensor]:
        options = import_onnxruntime().RunOptions()
        # Without it memory only grows with the sizes of the pictures.
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

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
                f"{self.spec.id} failed on {self.provider}: {_first_line(error)}.",
                "Run: matteplug doctor; for a large picture, set a smaller memory limit.",
            ) from error
        finally:
            cancel.remove_callback(stop)
        if cancel.cancelled:
            raise Cancelled
        return result


class SolverSession:
    """A method that is a function instead of a graph; see `Session`."""

    provider = CPU.id

    def __init__(self, spec: NetworkSpec) -> None:
        self.spec = spec
        try:
            self._solve: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] = resolve_name(
                spec.solver or ""
            )
        except (ImportError, AttributeError, ValueError) as error:
            raise NetworkError(
                "solver-missing", f"The method {spec.id} cannot be loaded: {error}."
            ) from error

    def run(
        self, inputs: Mapping[str, Tensor], cancel: CancelToken | None = None
    ) -> dict[str, Tensor]:
        """See `Session.run`; a solver is only stopped before it starts and after it ends."""
        tensors.check(self.spec.inputs, inputs)
        _raise_if_cancelled(cancel)
        try:
            outputs = self._solve({t.role: inputs[t.role] for t in self.spec.inputs})
        except MatteplugError:
            raise
        except Exception as error:  # a stranger's function may raise anything
            raise EngineError("run-failed", f"{self.spec.id} failed: {error}.") from error
        _raise_if_cancelled(cancel)
        return {t.role: np.asarray(outputs[t.role], np.float32) for t in self.spec.outputs}


@lru_cache
def default_engine() -> OrtEngine:
    """Return the engine that is used where none is given."""
    return OrtEngine()


def import_onnxruntime() -> Any:
    """Import ONNX Runtime.

    Raises:
        EngineError: neither of its wheels is installed, or its library cannot be loaded.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        if error.name != "onnxruntime":
            raise
        raise EngineError(
            "no-onnxruntime",
            "ONNX Runtime, which runs the networks, is not installed.",
            "Run: pip install 'matteplug[cpu]', or for an NVIDIA card 'matteplug[gpu]'",
        ) from None
    except ImportError as error:
        raise EngineError(
            "onnxruntime-broken",
            f"ONNX Runtime is installed and cannot be loaded: {_first_line(error)}.",
            "Install it again: pip install --force-reinstall onnxruntime",
        ) from error
    return onnxruntime


def _choose(spec: NetworkSpec, provider: str) -> Provider:
    if provider == "auto":
        return CPU
    chosen = providers.named(provider)
    if spec.solver is not None and chosen is not CPU:
        raise EngineError(
            "provider-unused",
            f"{spec.id} is no network and runs on the CPU only, not on {provider}.",
        )
    if chosen.id in spec.denied_providers:
        raise EngineError(
            "provider-denied",
            f"{chosen.title} is not used for {spec.id}: {spec.denied_providers[chosen.id]}.",
            "Choose another provider, or auto.",
        )
    return chosen


def _identity(spec: NetworkSpec) -> str:
    """Return what tells one network's computation from another's."""
    return f"{spec.id} {spec.weights} {spec.sha256} {spec.solver}"


def _raise_if_cancelled(cancel: CancelToken | None) -> None:
    if cancel is not None and cancel.cancelled:
        raise Cancelled


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
