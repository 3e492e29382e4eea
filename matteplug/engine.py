"""Runs networks: a spec in, a session out that maps inputs by role to outputs by role.

`OrtEngine` runs ONNX graphs with ONNX Runtime, which is imported when the first session is created.
Sessions are created once and kept.  The execution provider is chosen here, proven and recorded: a
provider that was asked for and cannot be used is an error, and one that "auto" passes over is named
with its reason in the session's notes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from matteplug import weights
from matteplug.errors import EngineError
from matteplug.network import NetworkSpec
from matteplug.runtime import graphs, ort, providers
from matteplug.runtime.machine import physical_cores
from matteplug.runtime.providers import CPU, Provider
from matteplug.runtime.sessions import OrtSession, SolverSession
from matteplug.types import CancelToken, Progress, Tensor, silent

if TYPE_CHECKING:
    from matteplug.runtime.probe import Verdict

__all__ = ["Engine", "OrtEngine", "Session", "Value", "default_engine"]

Value = TypeVar("Value")


class Session(Protocol):
    """A network that is ready to run.

    Attributes:
        spec: the network.
        provider: id of the execution provider that runs it.
        notes: which better providers were passed over, and why; one sentence each.
    """

    @property
    def spec(self) -> NetworkSpec: ...  # noqa: D102

    @property
    def provider(self) -> str: ...  # noqa: D102

    @property
    def notes(self) -> tuple[str, ...]: ...  # noqa: D102

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
            EngineError: the provider failed, or returned NaN or infinite values.
            TypeError, ValueError: an input is missing or has another form.
        """


class Engine(Protocol):
    """Makes sessions."""

    def session(
        self, spec: NetworkSpec, provider: str = "auto", progress: Progress | None = None
    ) -> Session:
        """Return the session of a network on a provider; created on first use and kept.

        Args:
            spec: the network.
            provider: id of an execution provider, or "auto" for the best that can be trusted.
            progress: called with the fraction of the loading that is done.

        Raises:
            EngineError: the provider cannot be used, or the graph cannot be loaded.
            NetworkError: the weights are missing or damaged.
        """


class OrtEngine:
    """Runs networks with ONNX Runtime.

    Args:
        threads: threads for one operator; None for one per physical core.
        spinning: let idle threads busy-wait, which is faster for run after run but keeps a host's
            cores busy.
        locate: finds and checks the weights of a spec.
        prove: tells whether a provider other than the CPU can be trusted with a network; by default
            `matteplug.runtime.probe.verdict`.
    """

    def __init__(
        self,
        *,
        threads: int | None = None,
        spinning: bool = True,
        locate: Callable[[NetworkSpec], Path] = weights.path_of,
        prove: Callable[[NetworkSpec, Path, Provider], Verdict] | None = None,
    ) -> None:
        self.threads = threads or physical_cores()
        self._spinning = spinning
        self._locate = locate
        self._prove = prove or _prove
        self._lock = threading.Lock()
        self._making: dict[tuple[str, str], threading.Lock] = {}
        self._values: dict[tuple[str, str], Any] = {}

    def session(
        self, spec: NetworkSpec, provider: str = "auto", progress: Progress | None = None
    ) -> Session:
        """See `Engine.session`; safe from any thread, and two networks load at the same time."""
        report = progress or silent
        report(0.0, "loading")
        if spec.solver is not None:
            if provider not in ("auto", CPU.id):
                raise EngineError(
                    "provider-unused",
                    f"{spec.id} is not a network and runs only on the CPU, not on {provider}.",
                )
            return self._once(spec, CPU.id, lambda: SolverSession(spec))
        path = self._once(spec, "path", lambda: self._locate(spec))
        if provider == "auto":
            best, notes = self._once(spec, "auto", lambda: self._best(spec, path, report))
            session = self._once(spec, best.id, lambda: self._open(spec, path, best))
            return session.noting(notes) if notes else session

        def make() -> OrtSession:
            return self._open(spec, path, self._asked_for(spec, path, provider, report))

        return self._once(spec, provider, make)

    def _once(self, spec: NetworkSpec, what: str, make: Callable[[], Value]) -> Value:
        """Return what `make` returned on the first call for this network; threads wait for it."""
        key = (f"{spec.id} {spec.weights} {spec.sha256} {spec.solver}", what)
        with self._lock:
            lock = self._making.setdefault(key, threading.Lock())
        with lock:
            if key not in self._values:
                self._values[key] = make()
            value: Value = self._values[key]
            return value

    def _open(self, spec: NetworkSpec, path: Path, provider: Provider) -> OrtSession:
        how: dict[str, Any] = {"threads": self.threads, "spinning": self._spinning}
        if provider is CPU and spec.sha256:
            session = graphs.open_on_cpu(path, spec.sha256, **how)
        else:
            session = ort.open_session(path, provider, **how)
        return OrtSession(spec, provider, session)

    def _asked_for(
        self, spec: NetworkSpec, path: Path, provider: str, report: Progress
    ) -> Provider:
        """Return the provider of that id, if it may be used."""
        chosen = providers.named(provider)
        if chosen.id in spec.denied_providers:
            raise EngineError(
                "provider-denied",
                f"{chosen.title} is not used for {spec.id}: {spec.denied_providers[chosen.id]}.",
                "Choose another provider, or auto.",
            )
        if chosen is not CPU and chosen.ort_name in ort.available():
            report(0.0, f"checking {chosen.title}")
            verdict = self._prove(spec, path, chosen)
            report(0.5, "loading")
            if not verdict.loads or verdict.correct is False:
                raise EngineError(
                    "provider-unproven",
                    f"{chosen.title} cannot be used for {spec.id}: {verdict.reason}.",
                    "Run: matteplug doctor",
                )
        return chosen

    def _best(
        self, spec: NetworkSpec, path: Path, report: Progress
    ) -> tuple[Provider, tuple[str, ...]]:
        """Return the first provider that is proven, and why the ones before it were passed over."""
        notes = [f"{conflict} Run: matteplug doctor."] if (conflict := ort.conflict()) else []
        chosen, built_in = CPU, ort.available()
        order = [providers.named(name) for name in providers.order()]
        candidates = [one for one in order if one is not CPU and one.ort_name in built_in]
        steps = len(candidates) + 1  # the last one opens the session
        for step, candidate in enumerate(candidates):
            reason = spec.denied_providers.get(candidate.id, "")
            if not reason:
                report(step / steps, f"checking {candidate.title}")
                verdict = self._prove(spec, path, candidate)
                if verdict.correct:
                    chosen = candidate
                    break
                reason = verdict.reason
            notes.append(f"{candidate.title} was passed over: {reason}.")
        report(1 - 1 / steps, "loading")
        return chosen, tuple(notes)


def _prove(spec: NetworkSpec, path: Path, provider: Provider) -> Verdict:
    """Ask `matteplug.runtime.probe`, which is imported late: most machines only have the CPU."""
    from matteplug.runtime import probe

    return probe.verdict(spec, path, provider)


@lru_cache
def default_engine() -> OrtEngine:
    """Return the engine that is used where none is given."""
    return OrtEngine()
