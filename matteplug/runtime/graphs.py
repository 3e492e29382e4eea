"""Graphs optimised by ONNX Runtime for this processor, kept so that sessions open faster.

They are kept in the user's cache folder under a key of everything they depend on: the weights'
checksum, ONNX Runtime's version and the processor.  A kept graph is what runs, so its own checksum
is verified whenever it is opened; one that has changed is replaced.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from matteplug import cache, weights
from matteplug.errors import EngineError
from matteplug.folders import cache_folder
from matteplug.runtime import ort
from matteplug.runtime.providers import CPU

CHECKSUMS = "graphs.json"
KEPT = 8
"""Number of graphs kept; the least recently used are removed first."""
_CPU_FACTS = Path("/proc/cpuinfo")


def open_on_cpu(graph: Path, checksum: str, *, threads: int, spinning: bool) -> Any:
    """Open a graph on the CPU, from the cache if an earlier opening left it there.

    Args:
        graph: the ONNX file.
        checksum: the SHA-256 of its content.
        threads: as for `ort.open_session`.
        spinning: as for `ort.open_session`.

    Returns:
        The `onnxruntime.InferenceSession`.

    Raises:
        EngineError: the graph is damaged.
    """
    kept = place(checksum)
    how: dict[str, Any] = {"threads": threads, "spinning": spinning}
    if _is_whole(kept):
        try:
            session = ort.open_session(kept, CPU, optimise=False, **how)
        except EngineError:  # nothing that another opening would mend: the graph itself decides
            pass
        else:
            with contextlib.suppress(OSError):
                os.utime(kept)
            return session
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            draft = Path(folder) / kept.name
            session = ort.open_session(graph, CPU, write=draft, **how)
            _record(kept, weights.sha256_now(draft))
            os.replace(draft, kept)
        _prune(kept.parent)
    except (OSError, EngineError):  # the folder cannot be written
        return ort.open_session(graph, CPU, **how)
    return session


def _is_whole(kept: Path) -> bool:
    """Tell whether a kept graph is, bit for bit, what was written.

    A changed bit in a weight would load, and make another matte.
    """
    recorded = cache.read(CHECKSUMS).get(kept.name)
    try:
        return isinstance(recorded, str) and weights.sha256_now(kept) == recorded
    except OSError:
        return False


def _record(kept: Path, checksum: str) -> None:
    """Keep the checksum of a graph; those of graphs that are gone go as well."""
    present = {path.name for path in kept.parent.glob("*.onnx")}
    recorded = {
        name: kept_sum for name, kept_sum in cache.read(CHECKSUMS).items() if name in present
    }
    cache.keep(CHECKSUMS, recorded | {kept.name: checksum})


def place(checksum: str) -> Path:
    """Return the path of the optimised graph of these weights, whether it exists or not."""
    facts = (checksum, ort.import_onnxruntime().__version__, _processor())
    key = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]
    return cache_folder() / "graphs" / f"{key}.onnx"


@lru_cache
def _processor() -> str:
    """Return the processor's features: graphs are optimised for its instructions."""
    try:
        lines = _CPU_FACTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    features = (line for line in lines if line.startswith(("flags", "Features")))
    return f"{platform.machine()} {next(features, '')}"


def _prune(folder: Path) -> None:
    graphs = sorted(folder.glob("*.onnx"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in graphs[KEPT:]:
        old.unlink(missing_ok=True)
