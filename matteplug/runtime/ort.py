"""The boundary to ONNX Runtime: imported late, sessions with our options, no silent fallback."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import redirect_stdout
from functools import lru_cache
from pathlib import Path
from typing import Any

from matteplug import packages
from matteplug.errors import EngineError, first_line
from matteplug.runtime import providers
from matteplug.runtime.providers import CPU, Provider


def import_onnxruntime() -> Any:
    """Import ONNX Runtime.

    Raises:
        EngineError: neither of its wheels is installed, or its library cannot be loaded.
    """
    try:
        import onnxruntime
    except Exception as error:  # also of NumPy's interface, or of a system library
        if isinstance(error, ModuleNotFoundError) and error.name == "onnxruntime":
            raise EngineError(
                "no-onnxruntime",
                "ONNX Runtime, which runs the networks, is not installed.",
                f"Run: {packages.install('onnxruntime')}",
            ) from None
        raise _broken(first_line(error)) from error
    if not hasattr(onnxruntime, "InferenceSession"):  # what uninstalling one of two wheels leaves
        raise _broken("only a part of it is installed")
    # On Windows it reports by this switch; elsewhere see `matteplug.telemetry`.
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _broken(reason: str) -> EngineError:
    wheels = packages.bringing("onnxruntime")
    return EngineError(
        "onnxruntime-broken",
        f"ONNX Runtime is installed but cannot be loaded: {reason}.",
        f"Run: {packages.exchange('onnxruntime', _chosen(wheels))}",
    )


def _chosen(wheels: Iterable[str]) -> str:
    """Return what installs the wheel that somebody chose; the CPU's comes with matteplug."""
    chosen = [provider for provider in providers.PROVIDERS.values() if provider.wheel in wheels]
    return next((p for p in chosen if p.wheel != CPU.wheel), CPU).requirement


def available() -> tuple[str, ...]:
    """Return the names of the providers that the installed ONNX Runtime was built with.

    That says nothing about whether they load; see `matteplug.runtime.probe`.
    """
    return tuple(import_onnxruntime().get_available_providers())


def open_session(
    graph: Path | bytes,
    provider: Provider,
    *,
    threads: int = 0,
    spinning: bool = True,
    strict: bool = False,
    record: bool = False,
    optimise: bool = True,
    write: Path | None = None,
) -> Any:
    """Open a graph on a provider, the CPU taking the operators that it lacks.

    Args:
        graph: an ONNX file, or its content.
        provider: the provider.
        threads: threads for one operator; 0 for ONNX Runtime's own choice.
        spinning: let idle threads busy-wait.
        strict: never fall back to the CPU, not for a single operator.
        record: record which operator runs where, for `placed_fraction`.
        optimise: optimise the graph for the provider; False for a graph from `write`.
        write: where to save the optimised graph, which is for this processor only.

    Returns:
        The `onnxruntime.InferenceSession`.

    Raises:
        EngineError: the provider is not built in, does not load, or the graph is damaged.
    """
    ort = import_onnxruntime()
    if provider.ort_name not in ort.get_available_providers():
        raise EngineError(
            "provider-missing",
            f"The installed ONNX Runtime has no {provider.title}.",
            how_to_install(provider),
        )
    if provider.preload:
        preload()
    options = ort.SessionOptions()
    options.log_severity_level = 3  # warnings are about graph details that users cannot act on
    if not optimise:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    if write is not None:
        options.optimized_model_filepath = str(write)
    options.intra_op_num_threads = threads
    options.enable_mem_pattern = provider.mem_pattern
    entries = {
        "session.intra_op.allow_spinning": spinning,
        "session.disable_cpu_ep_fallback": strict and provider is not CPU,
        "session.record_ep_graph_assignment_info": record,
    }
    for key, value in entries.items():
        options.add_session_config_entry(key, str(int(value)))
    wanted = [(provider.ort_name, dict(provider.options))]
    if provider is not CPU and not strict:
        wanted.append((CPU.ort_name, {}))
    try:
        source = graph if isinstance(graph, bytes) else str(graph)
        # Its Python class falls back to the CPU on its own, at loading and at running, unless told.
        session = ort.InferenceSession(source, options, providers=wanted, enable_fallback=0)
    except Exception as error:  # ONNX Runtime's own classes have no public root
        raise EngineError(
            "graph-not-loaded",
            f"{provider.title} cannot load the graph: {first_line(error)}.",
            "Run: matteplug doctor",
        ) from error
    if session.get_providers()[0] != provider.ort_name:  # it falls back without a word
        raise EngineError(
            "provider-not-loaded",
            f"{provider.title} is listed by ONNX Runtime but does not load.",
            "Run: matteplug doctor",
        )
    return session


def placed_fraction(session: Any, provider: Provider) -> float | None:
    """Return the fraction of the graph's operators that run on `provider`; None if unknown."""
    if not hasattr(session, "get_provider_graph_assignment_info"):  # before ONNX Runtime 1.24
        return None
    counts = [
        (part.ep_name, len(part.get_nodes()))
        for part in session.get_provider_graph_assignment_info()
    ]
    total = sum(count for _, count in counts)
    return sum(count for name, count in counts if name == provider.ort_name) / max(total, 1)


@lru_cache
def preload() -> str:
    """Load the CUDA libraries of the nvidia wheels, once; return what could not be loaded."""
    output = io.StringIO()
    ort = import_onnxruntime()
    if hasattr(ort, "preload_dlls"):
        with redirect_stdout(output):  # it prints its failures and returns nothing
            ort.preload_dlls(directory="")
    return output.getvalue().strip()


def conflict() -> str:
    """Return a sentence about two wheels of ONNX Runtime; empty if there is only one."""
    wheels = packages.bringing("onnxruntime")
    if len(wheels) < 2:
        return ""
    return f"{' and '.join(wheels)} are installed together and overwrite each other."


def end_of_conflict() -> str:
    """Return what to do about two wheels of ONNX Runtime."""
    chosen = _chosen(packages.bringing("onnxruntime"))
    return f"Run: {packages.exchange('onnxruntime', chosen)}"


def how_to_install(provider: Provider) -> str:
    """Return how to install a provider that the installed ONNX Runtime lacks.

    Its wheels overwrite each other, so the installed one has to be removed first.
    """
    known = providers.order()
    if provider.id not in known:
        return f"It is for other systems. Available here: auto, {', '.join(known)}."
    return f"Run: {packages.exchange('onnxruntime', provider.requirement)}"
