"""Examine the machine: probe every provider of this platform with every network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from matteplug import packages, telemetry, weights
from matteplug.errors import EngineError, PackageError
from matteplug.network import NetworkSpec
from matteplug.runtime import ort, probe, providers
from matteplug.runtime.probe import Verdict
from matteplug.runtime.providers import CPU, Provider


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is known about one provider.

    Attributes:
        provider: the provider.
        listed: the installed ONNX Runtime lists it, which alone means little.
        verdict: the least favourable of the networks' verdicts, or the one-operator graph's alone.
        networks: the verdict by network; once it does not load, no others are tried.
    """

    provider: Provider
    listed: bool
    verdict: Verdict
    networks: dict[str, Verdict] = field(default_factory=dict)

    @property
    def works(self) -> bool:
        """Tell whether it may be used with every network that was tried."""
        return self.listed and self.verdict.loads and self.verdict.correct is not False

    def to_json(self) -> dict[str, Any]:
        """Return plain data; ``name`` is the provider's id."""
        return {
            "name": self.provider.id,
            "title": self.provider.title,
            "listed": self.listed,
            **asdict(self.verdict),
            "networks": {network: asdict(verdict) for network, verdict in self.networks.items()},
        }


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something to fix in the installation, and how."""

    message: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The doctor's report.

    Attributes:
        findings: one per provider, in the order in which "auto" tries them.
        problems: what should be fixed.
        machine: versions and driver, on which the verdicts depend.
        telemetry: "off", or "on" where ONNX Runtime was imported before it could be switched off.
    """

    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    machine: dict[str, Any]
    telemetry: str

    @property
    def chosen(self) -> str | None:
        """Return the id of the provider that "auto" takes for all networks; None if none works."""
        proven = (f.provider.id for f in self.findings if f.works and _proven(f))
        return next(proven, None)

    def finding(self, provider: str) -> Finding:
        """Return what is known about a provider that was examined."""
        return next(finding for finding in self.findings if finding.provider.id == provider)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "providers": [finding.to_json() for finding in self.findings],
            "chosen": self.chosen,
            "problems": [asdict(problem) for problem in self.problems],
            "machine": self.machine,
            "telemetry": self.telemetry,
        }


def examine(specs: Sequence[NetworkSpec], wanted: str | None = None) -> Diagnosis:
    """Probe the providers.

    Args:
        specs: networks to probe with; those without weights are skipped.
        wanted: id of a provider to examine even if it is not for this platform.

    Raises:
        EngineError: there is no provider `wanted`.
        NetworkError: a network's weights are damaged.
    """
    names = list(providers.order())
    if wanted is not None and providers.named(wanted).id not in names:
        names.insert(0, wanted)
    problems = [
        *_wheel_problems(),
        *_opencv_problems(),
        *_telemetry_problems(),
    ]
    try:
        built_in = ort.available()
    except EngineError as error:
        problems.append(Problem(message=error.message, hint=error.hint))
        built_in = ()
    specs = [spec for spec in specs if spec.weights is not None]
    return Diagnosis(
        findings=tuple(_examine(providers.named(name), specs, built_in) for name in names),
        problems=tuple(problems),
        machine=probe.key_facts(),
        telemetry="off" if telemetry.is_off() else "on",
    )


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """Where "auto" will run the networks, as far as that is known without running anything.

    Attributes:
        id: the provider's id; "auto" if that is not known.
        verdict: "proven", "not probed", or "missing" if ONNX Runtime is not installed.
        reason: why better providers are passed over, or what to do; sentences.
    """

    id: str
    verdict: str
    reason: str = ""


def expect(specs: Sequence[NetworkSpec]) -> Expectation:
    """Tell from kept verdicts and installed distributions where "auto" will run networks.

    ONNX Runtime is not imported: that and a probe take longer than a host wants to wait.
    """
    wheels = packages.bringing("onnxruntime")
    if not wheels:
        install = f"ONNX Runtime is not installed. Run: {packages.install('onnxruntime')}"
        return Expectation(id="auto", verdict="missing", reason=install)
    specs = [spec for spec in specs if spec.weights is not None]
    reasons: list[str] = []
    for candidate in (providers.named(name) for name in providers.order()):
        if candidate is CPU:
            break
        if candidate.wheel not in wheels:
            continue
        allowed = [spec for spec in specs if candidate.id not in spec.denied_providers]
        kept = [probe.kept_verdict(spec, candidate) for spec in allowed]
        known = [verdict for verdict in kept if verdict is not None]
        failed = [verdict for verdict in known if not verdict.correct]
        if failed:
            reasons.append(f"{candidate.title} was passed over: {failed[0].reason}.")
        elif len(known) < len(kept):
            return Expectation(id="auto", verdict="not probed", reason=" ".join(reasons))
        elif known:
            return Expectation(id=candidate.id, verdict="proven", reason=" ".join(reasons))
    return Expectation(id=CPU.id, verdict="proven", reason=" ".join(reasons))


def _examine(
    provider: Provider, specs: Sequence[NetworkSpec], built_in: tuple[str, ...]
) -> Finding:
    if provider.ort_name not in built_in:
        reason = f"not in the installed ONNX Runtime; the wheel {provider.wheel} contains it"
        return Finding(provider=provider, listed=False, verdict=Verdict(reason=reason))
    if not specs:
        return Finding(provider=provider, listed=True, verdict=probe.probe(None, None, provider))
    verdicts: dict[str, Verdict] = {}
    for spec in specs:
        if denial := spec.denied_providers.get(provider.id):
            verdicts[spec.id] = Verdict(loads=True, correct=False, reason=denial)
            continue
        verdicts[spec.id] = probe.fresh_verdict(spec, weights.path_of(spec), provider)
        if not verdicts[spec.id].loads:
            break
    worst = min(verdicts.values(), key=_favour)
    return Finding(provider=provider, listed=True, verdict=worst, networks=verdicts)


def _favour(verdict: Verdict) -> tuple[bool, bool, bool]:
    return verdict.loads, verdict.correct is not False, verdict.correct is True


def _proven(finding: Finding) -> bool:
    return finding.provider is CPU or finding.verdict.correct is True


def _wheel_problems() -> list[Problem]:
    if not (conflict := ort.conflict()):
        return []
    return [Problem(message=conflict, hint=ort.end_of_conflict())]


def _opencv_problems() -> list[Problem]:
    try:
        from matteplug import opencv  # noqa: F401
    except PackageError as error:
        return [Problem(message=error.message, hint=error.hint)]
    return []


def _telemetry_problems() -> list[Problem]:
    if telemetry.is_off():
        return []
    return [
        Problem(
            message="ONNX Runtime was imported before matteplug, so its telemetry had begun.",
            hint=f"Set {telemetry.VARIABLE}=1 for this program, or have it import matteplug first.",
        )
    ]
