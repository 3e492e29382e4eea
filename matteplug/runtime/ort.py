"""ONNX Runtime at the edge: imported late, opened with our options, no silent fallback."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from functools import lru_cache
from pathlib import Path
from typing import Any

from matteplug.errors import EngineError
from matteplug.runtime.providers import CPU, Provider


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
            f"ONNX Runtime is installed and cannot be loaded: {first_line(error)}.",
            "Install it again: pip install --force-reinstall onnxruntime",
        ) from error
    # On Windows it reports by this switch; elsewhere see `matteplug.telemetry`.
    onnxruntime.disable_telemetry_events()
    return onnxruntime


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
        spinning: let idle threads wait actively.
        strict: refuse to give any operator to the CPU.
        record: remember which operator went where, for `placed_share`.
        optimise: rewrite the graph for the provider; not again one that `write` got.
        write: where to put the rewritten graph, which is good for this processor only.

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
            f"Run: pip install {provider.wheel}",
        )
    if provider.preload:
        preload()
    options = ort.SessionOptions()
    options.log_severity_level = 3  # warnings are about graph details that nobody can act on
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
            f"{provider.title} is listed by ONNX Runtime and does not load.",
            "Run: matteplug doctor",
        )
    return session


def placed_share(session: Any, provider: Provider) -> float | None:
    """Return the share of the graph's operators that run on `provider`; None if not told."""
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
    said = io.StringIO()
    ort = import_onnxruntime()
    if hasattr(ort, "preload_dlls"):
        with redirect_stdout(said):  # it prints its failures and returns nothing
            ort.preload_dlls(directory="")
    return said.getvalue().strip()


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, at most 200 characters, without a full stop."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    return line if len(line) <= 200 else f"{line[:199]}…"
