"""Prove an execution provider before it is trusted: a listed provider may not load or be correct.

The proof runs in a child process with a time limit, because a broken GPU library may abort or hang:

1. a graph of one convolution runs on the provider with falling back to the CPU forbidden;
2. the network's golden tensor is reproduced within the provider's tolerance.

The verdict is cached in the user's cache folder under a key of everything that may change it: the
network, the provider's options, the versions of matteplug, ONNX Runtime and the GPU libraries, the
driver.  A time-out expires after a while.  `matteplug.runtime.probe_child` is the other half.
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

from matteplug import cache, packages
from matteplug.network import NetworkSpec
from matteplug.runtime.providers import Provider

VERDICTS = "verdicts.json"
_KEPT = 200
"""Number of verdicts kept; the oldest are dropped first."""
_TIMEOUT_EXPIRY = 1440
"""A time-out may be due to the machine's load: its verdict expires after this many time limits.

For a limit of a minute that is a day, so a provider that always hangs costs less than a thousandth
of the time.
"""
_CAUSE = re.compile(r"Failed to load [^\n]*? with error: ([^\n\x1b]+)")
"""Finds the missing library in ONNX Runtime's log."""
_DRIVER = Path("/proc/driver/nvidia/version")
_SEARCH_PATH = "PATH" if sys.platform == "win32" else "LD_LIBRARY_PATH"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The result of probing a provider with a network.

    Attributes:
        loads: it ran the one-operator graph without falling back to the CPU.
        correct: it reproduced the golden tensor; None if that was not tried or there is none.
        reason: why it cannot be used, or what is known about it; a clause without a full stop.
        milliseconds: time of the golden tensor's run, the second of two; None without one.
        difference: mean absolute difference to the golden tensor.
        placed: fraction of the network's operators that really run on it.
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
    """Return the verdict from the cache; None if there is none, or an expired time-out."""
    kept: Any = cache.read(VERDICTS).get(_key(spec, provider))
    try:
        verdict, age_s = Verdict(**kept["verdict"]), time.time() - kept["at"]
    except (KeyError, TypeError):  # none, or written by another version
        return None
    expired = verdict.timed_out and age_s > _TIMEOUT_EXPIRY * provider.limit_s
    return None if expired else verdict


def fresh_verdict(spec: NetworkSpec, graph: Path, provider: Provider) -> Verdict:
    """Probe a provider and keep the verdict."""
    verdict = probe(spec, graph, provider)
    kept = cache.read(VERDICTS)
    key = _key(spec, provider)
    kept.pop(key, None)
    kept[key] = {"at": time.time(), "verdict": asdict(verdict)}
    cache.keep(VERDICTS, dict(list(kept.items())[-_KEPT:]))
    return verdict


def probe(
    spec: NetworkSpec | None,
    graph: Path | None,
    provider: Provider,
    environment: Mapping[str, str] | None = None,
) -> Verdict:
    """Probe a provider in a child process.

    Args:
        spec: the network; None to run only the one-operator graph.
        graph: its ONNX file.
        provider: the provider.
        environment: variables for the child in addition to those of this process.
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
        answer, errors = child.communicate(json.dumps(job).encode(), timeout=provider.limit_s)
        log = errors.decode(errors="replace")
        end = _ending(child.returncode, log)
    except subprocess.TimeoutExpired:
        _kill(child)
        answer, _ = child.communicate()
        log = ""
        end = f"did not answer within {provider.limit_s:g} s"
        timed_out = True
    verdict = replace(_judge(answer.decode(errors="replace"), end), timed_out=timed_out)
    if timed_out:
        retry = "if the machine was busy, matteplug doctor tries again"
        verdict = replace(verdict, reason=f"{verdict.reason}; {retry}")
    cause = _CAUSE.search(log)
    if cause and not verdict.loads:  # more precise than what ONNX Runtime raises
        verdict = replace(verdict, reason=cause[1].rstrip(". "))
    return verdict


def key_facts() -> dict[str, Any]:
    """Return what a verdict depends on besides network and provider."""
    return dict(_facts())


def _judge(answer: str, end: str) -> Verdict:
    """Return the verdict from the child's lines, JSON objects of its fields, and how it ended."""
    verdict = Verdict()
    for line in answer.splitlines():
        verdict = replace(verdict, **json.loads(line))
    if end and not verdict.reason:
        stage = "computing" if verdict.loads else "loading"
        verdict = replace(verdict, reason=f"{end} while {stage}")
        verdict = replace(verdict, correct=False) if verdict.loads else verdict
    return verdict


def _ending(status: int, log: str) -> str:
    """Say how a child ended; empty if it ended well."""
    if status == 0:
        return ""
    last = (log.strip().splitlines() or [""])[-1][:200].rstrip(".")
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
