"""Prove an execution provider before it is trusted: what is listed need not load, or be right.

The proof runs in a child process with a time limit, because a broken GPU library may abort or hang:

1. a graph of one convolution runs on the provider with falling back to the CPU forbidden;
2. the network's golden tensor is reproduced within the provider's tolerance.

The verdict is cached in the user's cache folder under a key of everything that may change it: the
network, the provider's options, the versions of matteplug, ONNX Runtime and the GPU libraries, the
driver.  A time-out is doubted after a while.  `matteplug.runtime.probe_child` is the other half.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from matteplug import packages
from matteplug.network import NetworkSpec
from matteplug.runtime import cache
from matteplug.runtime.providers import Provider

VERDICTS = "verdicts.json"
_KEPT = 200
"""Verdicts kept; the oldest go first."""
_DOUBTED_AFTER = 1440
"""Time limits for which a time-out holds, as it may be the machine's load: a minute's for a day.

So a provider that always hangs costs less than a thousandth of the time.
"""
_CAUSE = re.compile(r"Failed to load [^\n]*? with error: ([^\n\x1b]+)")
"""Where ONNX Runtime's log names the library that is missing."""
_DRIVER = Path("/proc/driver/nvidia/version")
_SEARCH_PATH = "PATH" if sys.platform == "win32" else "LD_LIBRARY_PATH"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a probe found out about a provider and a network.

    Attributes:
        loads: it ran the one-operator graph without the CPU's help.
        correct: it reproduced the golden tensor; None where that was not tried or there is none.
        reason: why it cannot be used, or what is known about it; a clause without a full stop.
        milliseconds: the golden tensor's run, the second of two; None where there was none.
        difference: mean absolute difference to the golden tensor.
        placed: share of the network's operators that really run on it.
        timed_out: the time limit ended the probe.
    """

    loads: bool = False
    correct: bool | None = None
    reason: str = ""
    milliseconds: float | None = None
    difference: float | None = None
    placed: float | None = None
    timed_out: bool = False


def verdict(spec: NetworkSpec, graph: Path, provider: Provider) -> Verdict:
    """Return the verdict on a provider for a network, from the cache or by probing."""
    return kept_verdict(spec, provider) or fresh_verdict(spec, graph, provider)


def kept_verdict(spec: NetworkSpec, provider: Provider) -> Verdict | None:
    """Return the verdict from the cache; None where there is none, or a time-out of long ago."""
    kept: Any = cache.read(VERDICTS).get(_key(spec, provider))
    try:
        found, age_s = Verdict(**kept["verdict"]), time.time() - kept["at"]
    except (KeyError, TypeError):  # none, or written by another version
        return None
    doubted = found.timed_out and age_s > _DOUBTED_AFTER * provider.limit_s
    return None if doubted else found


def fresh_verdict(spec: NetworkSpec, graph: Path, provider: Provider) -> Verdict:
    """Probe a provider, and keep the verdict."""
    found = probe(spec, graph, provider)
    kept = cache.read(VERDICTS)
    key = _key(spec, provider)
    kept.pop(key, None)
    kept[key] = {"at": time.time(), "verdict": asdict(found)}
    cache.keep(VERDICTS, dict(list(kept.items())[-_KEPT:]))
    return found


def probe(
    spec: NetworkSpec | None,
    graph: Path | None,
    provider: Provider,
    environment: Mapping[str, str] | None = None,
) -> Verdict:
    """Probe a provider in a child process.

    Args:
        spec: the network; None to try no more than the one-operator graph.
        graph: its ONNX file.
        provider: the provider.
        environment: variables of the child beside those of this process.
    """
    job = {
        "provider": provider.id,
        "spec": spec.to_json() if spec else None,
        "graph": str(graph) if graph else None,
    }
    home = str(Path(__file__).resolve().parents[2])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    child = subprocess.Popen(
        [sys.executable, "-m", "matteplug.runtime.probe_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **(environment or {})},
        start_new_session=True,  # so that it can be killed with whatever it starts
    )
    timed_out = False
    try:
        said, complained = child.communicate(json.dumps(job).encode(), timeout=provider.limit_s)
        complaint = complained.decode(errors="replace")
        end = _ending(child.returncode, complaint)
    except subprocess.TimeoutExpired:
        _kill(child)
        said, _ = child.communicate()
        complaint = ""
        end = f"did not answer within {provider.limit_s:g} s"
        timed_out = True
    found = replace(_judge(said.decode(errors="replace"), end), timed_out=timed_out)
    if timed_out:
        retry = "if the machine was busy, matteplug doctor tries again"
        found = replace(found, reason=f"{found.reason}; {retry}")
    cause = _CAUSE.search(complaint)
    if cause and not found.loads:  # says more than what ONNX Runtime raises
        found = replace(found, reason=cause[1].rstrip(". "))
    return found


def key_facts() -> dict[str, Any]:
    """Return what a verdict depends on beside network and provider."""
    return dict(_facts())


def _judge(said: str, end: str) -> Verdict:
    """Read the child's lines, each a JSON object of what it has found out, and how it ended."""
    found = Verdict()
    for line in said.splitlines():
        found = replace(found, **json.loads(line))
    if end and not found.reason:
        stage = "computing" if found.loads else "loading"
        found = replace(found, reason=f"{end} while {stage}")
        found = replace(found, correct=False) if found.loads else found
    return found


def _ending(status: int, complaint: str) -> str:
    """Say how a child ended; empty where it ended well."""
    if status == 0:
        return ""
    last = (complaint.strip().splitlines() or [""])[-1][:200].rstrip(".")
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = str(-status)
        return f"its library crashed ({name}{': ' + last if last else ''})"
    return f"its library ended the process with status {status}{': ' + last if last else ''}"


def _kill(child: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        child.kill()
    else:
        os.killpg(child.pid, signal.SIGKILL)


def _key(spec: NetworkSpec, provider: Provider) -> str:
    facts = [spec.to_json(), asdict(provider), _facts()]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@lru_cache
def _facts() -> tuple[tuple[str, Any], ...]:
    names = ("matteplug", "onnxruntime", "nvidia-", "tensorrt", "openvino")
    libraries = {
        name: distribution.version
        for distribution in distributions()
        if (name := packages.name_of(distribution)).startswith(names)
    }
    driver = _DRIVER.read_text().splitlines()[0] if _DRIVER.exists() else ""
    return (
        ("python", platform.python_version()),
        ("system", platform.platform()),
        ("driver", driver),
        ("libraries", sorted(libraries.items())),
        ("search_path", os.environ.get(_SEARCH_PATH, "")),
    )
