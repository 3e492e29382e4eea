"""`matteplug doctor` says what is listed, what loads, what is right, and what to mend."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from matteplug import packages, plugins
from matteplug.commands.doctor import command
from matteplug.errors import EngineError
from matteplug.network import Guide, NetworkSpec
from matteplug.plugins import Registry
from matteplug.runtime import ort, probe, providers
from matteplug.runtime.doctor import Finding, expect
from matteplug.runtime.probe import Verdict
from matteplug.runtime.providers import Provider

WORKS = Verdict(loads=True, correct=True, milliseconds=4.0, placed=1.0)
ABSENT = Verdict(reason="libcuda.so.1 is missing")
WRONG = Verdict(loads=True, correct=False, reason="its alpha is off", milliseconds=2.0)
KEYS = ("name", "listed", "loads", "correct", "reason", "milliseconds")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], Verdict]:
    """A machine with CUDA and the CPU and two networks; the verdicts can be changed."""
    verdicts = {(n, p): WORKS for n in ("one", "two") for p in ("cuda", "cpu")}
    (tmp_path / "net.onnx").write_bytes(b"")
    registry = Registry()
    for network in ("one", "two"):
        weights = str(tmp_path / "net.onnx")
        registry.networks[network] = NetworkSpec(
            id=network, title=network, guide=Guide.NONE, inputs=(), outputs=(), weights=weights
        )

    def fresh_verdict(spec: NetworkSpec, graph: Path, provider: Provider) -> Verdict:
        return verdicts[spec.id, provider.id]

    monkeypatch.setattr(plugins, "registry", lambda: registry)
    monkeypatch.setattr(probe, "fresh_verdict", fresh_verdict)
    monkeypatch.setattr(packages, "bringing", lambda module: {"onnxruntime-gpu": "1.31"})
    monkeypatch.setattr(providers, "order", lambda: ("cuda", "openvino", "cpu"))
    monkeypatch.setattr(ort, "available", lambda: ("CUDAExecutionProvider", "CPUExecutionProvider"))
    return verdicts


Machine = dict[tuple[str, str], Verdict]


def expected() -> tuple[str, str, str]:
    found = expect([*plugins.registry().networks.values()])
    return found.id, found.verdict, found.reason


def test_what_is_expected_is_what_was_proven(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: Machine = {}
    monkeypatch.setattr(probe, "kept_verdict", lambda spec, at: kept.get((spec.id, at.id)))
    assert expected() == ("auto", "not probed", "")
    kept["one", "cuda"] = WORKS
    assert expected() == ("auto", "not probed", "")
    kept["two", "cuda"] = WORKS
    assert expected() == ("cuda", "proven", "")
    kept["two", "cuda"] = WRONG
    assert expected() == ("cpu", "proven", "NVIDIA CUDA was passed over: its alpha is off.")
    monkeypatch.setattr(packages, "bringing", lambda module: {"onnxruntime": "1.31"})
    assert expected() == ("cpu", "proven", "")
    monkeypatch.setattr(packages, "bringing", lambda module: {})
    assert expected()[1] == "missing"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command().configure(parser)
    return command().run(parser.parse_args(words))


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    data = json.loads(capsys.readouterr().out)
    for row in data["providers"]:
        assert set(KEYS) <= set(row)
    return {row["name"]: row for row in data["providers"]} | {"": data}


def test_all_is_well(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json") == 0
    found = report(capsys)
    assert [found["cuda"][key] for key in KEYS] == ["cuda", True, True, True, "", 4.0]
    assert found["openvino"]["listed"] is False
    assert "onnxruntime-openvino" in str(found["openvino"]["reason"])
    assert found[""]["chosen"] == "cuda"


def test_one_wrong_network_counts(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine["two", "cuda"] = WRONG
    assert run("--json") == 0
    found = report(capsys)
    assert found["cuda"]["correct"] is False
    assert found["cuda"]["reason"] == WRONG.reason
    assert found[""]["chosen"] == "cpu"
    assert run("--json", "--network", "one") == 0
    assert report(capsys)["cuda"]["correct"] is True


@pytest.mark.parametrize(
    ("provider", "reason"),
    [("cuda", "libcuda.so.1"), ("openvino", "onnxruntime-openvino"), ("coreml", "CoreML")],
)
def test_a_required_provider_that_does_not_work_fails_with_the_reason(
    machine: Machine, provider: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    machine["one", "cuda"] = ABSENT
    assert run("--require-ep", provider) == 1
    said = capsys.readouterr()
    assert said.err.startswith("matteplug: ")
    assert reason in said.err


def test_a_required_provider_that_works_passes(machine: Machine) -> None:
    assert run("--require-ep", "cuda") == 0
    assert run("--require-ep", "cpu") == 0


def test_an_unknown_required_provider_is_an_error(machine: Machine) -> None:
    with pytest.raises(EngineError, match="quantum"):
        run("--require-ep", "quantum")


def test_two_wheels_are_a_problem_with_its_cure(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    both = {"onnxruntime": "1.31", "onnxruntime-gpu": "1.31"}
    monkeypatch.setattr(packages, "bringing", lambda module: both)
    assert run() == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "onnxruntime and onnxruntime-gpu are installed together" in said
    assert "pip uninstall -y onnxruntime onnxruntime-gpu" in said
    assert 'pip install "onnxruntime-gpu[cuda,cudnn]"' in said


def test_no_onnxruntime_is_a_problem(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent() -> tuple[str, ...]:
        raise EngineError("no-onnxruntime", "It is not installed.", "Run: pip install it")

    monkeypatch.setattr(ort, "available", absent)
    assert run("--json") == 1
    found = report(capsys)
    assert found[""]["problems"] == [
        {"message": "It is not installed.", "hint": "Run: pip install it"}
    ]
    assert found[""]["chosen"] is None


def test_the_table_names_every_provider(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine["one", "cuda"] = ABSENT
    assert run() == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("cuda", "openvino", "cpu", "libcuda", "auto takes: cpu"))


def test_the_documentation_knows_every_provider_and_key() -> None:
    text = (Path(__file__).parent.parent / "docs" / "providers.md").read_text(encoding="utf-8")
    table = text.partition("## Known providers")[2].partition("\n\n- `auto`")[0]
    rows = {
        cells[1].strip(" `"): cells[3].split()[0]
        for cells in (line.split("|") for line in table.splitlines())
        if len(cells) > 4 and cells[1].strip().startswith("`")
    }
    assert rows == {provider.id: provider.wheel for provider in providers.PROVIDERS.values()}
    keys = Finding(provider=providers.CPU, listed=True, verdict=WORKS).to_json().keys()
    assert all(f"| `{key}` |" in text for key in keys if key != "title")
    assert str(providers.CPU.tolerance) in text
