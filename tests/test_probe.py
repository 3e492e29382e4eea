"""Providers are proven in a child process: one that aborts, hangs or errs is refused."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from matteplug import cache, packages
from matteplug.engine import OrtEngine
from matteplug.errors import EngineError
from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.runtime import golden, ort, probe, providers
from matteplug.runtime.probe import Verdict
from matteplug.runtime.probe_child import ONE_CONVOLUTION
from matteplug.runtime.providers import Provider

STUBS = Path(__file__).parent / "stubs"
CUDA = providers.named("cuda")
IMAGE = TensorSpec(name="image", role="image", channels=3, high=255)
ALPHA = TensorSpec(name="alpha", role="alpha", channels=1)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("MATTEPLUG_CACHE", str(folder))
    return folder


@pytest.fixture
def spec(tmp_path: Path) -> NetworkSpec:
    """A network that returns the first channel, with its golden tensor; and its graph."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])
    alpha = helper.make_tensor_value_info("alpha", TensorProto.FLOAT, ["n", 1, "h", "w"])
    nodes = [
        helper.make_node("Gather", ["image", "zero"], ["first"], axis=1),
        helper.make_node("Div", ["first", "full"], ["alpha"]),
    ]
    stored = [
        numpy_helper.from_array(np.array([0], np.int64), "zero"),
        numpy_helper.from_array(np.array(255, np.float32), "full"),
    ]
    graph = helper.make_graph(nodes, "first", [image], [alpha], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, tmp_path / "first.onnx")
    plain = NetworkSpec(
        id="first",
        title="First",
        guide=Guide.NONE,
        inputs=(IMAGE,),
        outputs=(ALPHA,),
        weights=str(tmp_path / "first.onnx"),
    )
    inputs = golden.example(plain, golden.SIZE, golden.SEED)
    return replace(plain, golden=golden.record({"alpha": inputs["image"][:, :1]}))


def stub(spec: NetworkSpec, behaviour: str, limit_s: float = 30.0) -> Verdict:
    environment = {"PYTHONPATH": f"{STUBS}:{Path(probe.__file__).parents[2]}"}
    environment["STUB_BEHAVIOUR"] = behaviour
    return probe.probe(spec, Path(spec.weights or ""), replace(CUDA, limit_s=limit_s), environment)


def test_a_provider_that_works_is_proven(spec: NetworkSpec) -> None:
    found = stub(spec, "work")
    assert (found.loads, found.correct, found.reason) == (True, True, "")
    assert found.milliseconds is not None
    assert found.milliseconds > 0
    assert found.difference is not None
    assert found.difference < 1e-5  # the stored values are rounded
    assert found.placed == 0.9


@pytest.mark.parametrize(
    ("behaviour", "loads", "correct", "reason"),
    [
        ("unloadable", False, None, "libcublas.so.12: cannot open shared object file"),
        ("abort", False, None, "crashed (SIGABRT"),
        ("late-abort", True, False, "crashed (SIGABRT"),
        ("nan", True, False, "NaN or infinite values"),
        ("off", True, False, "off by 0.0"),
    ],
)
def test_a_provider_that_does_not_is_refused_with_the_reason(
    spec: NetworkSpec, behaviour: str, loads: bool, correct: bool | None, reason: str
) -> None:
    found = stub(spec, behaviour)
    assert (found.loads, found.correct) == (loads, correct)
    assert reason in found.reason


def test_a_provider_that_hangs_is_killed(spec: NetworkSpec) -> None:
    started = time.perf_counter()
    found = stub(spec, "hang", limit_s=3.0)
    assert time.perf_counter() - started < 10
    assert not found.loads
    assert found.timed_out
    assert found.reason.startswith("did not answer within 3 s while loading; ")
    assert "matteplug doctor" in found.reason


def test_the_real_cpu_reproduces_the_golden_tensor(spec: NetworkSpec) -> None:
    found = probe.probe(spec, Path(spec.weights or ""), providers.CPU)
    assert (found.loads, found.correct, found.reason, found.placed) == (True, True, "", 1.0)


def test_a_network_without_a_golden_tensor_is_not_proven(spec: NetworkSpec) -> None:
    found = probe.probe(replace(spec, golden={}), Path(spec.weights or ""), providers.CPU)
    assert (found.loads, found.correct) == (True, None)
    assert "golden" in found.reason


def test_the_one_operator_graph_is_what_it_says() -> None:
    model = onnx.load_from_string(ONE_CONVOLUTION)
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == ["Conv"]


def test_a_verdict_is_kept_until_something_changes(
    spec: NetworkSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fake(spec: NetworkSpec, graph: Path, provider: Provider) -> Verdict:
        asked.append(provider.id)
        return Verdict(loads=True, correct=True)

    monkeypatch.setattr(probe, "probe", fake)
    path = Path(spec.weights or "")
    probe.verdict(spec, path, CUDA)
    probe.verdict(spec, path, CUDA)
    assert asked == ["cuda"]
    probe.verdict(replace(spec, sha256="another"), path, CUDA)
    probe.verdict(spec, path, replace(CUDA, options={}))
    assert len(asked) == 3
    monkeypatch.setattr(probe, "_facts", lambda: (("driver", "another"),))
    probe.verdict(spec, path, CUDA)
    assert len(asked) == 4


@pytest.mark.parametrize(("limit_s", "minutes"), [(60.0, 1440), (600.0, 14400)])
def test_a_time_out_is_doubted_after_a_while(
    spec: NetworkSpec, monkeypatch: pytest.MonkeyPatch, limit_s: float, minutes: int
) -> None:
    provider, now = replace(CUDA, limit_s=limit_s), [1e9]
    monkeypatch.setattr(time, "time", lambda: now[0])
    found = [Verdict(reason="did not answer", timed_out=True), WRONG]
    monkeypatch.setattr(probe, "probe", lambda spec, graph, provider: found.pop(0))
    path = Path(spec.weights or "")
    assert probe.verdict(spec, path, provider).timed_out
    now[0] += 60 * minutes
    assert probe.verdict(spec, path, provider).timed_out  # the kept one: nobody waits again
    now[0] += 1
    assert probe.kept_verdict(spec, provider) is None
    assert probe.verdict(spec, path, provider) == WRONG
    now[0] += 1e9
    assert probe.verdict(spec, path, provider) == WRONG


def test_wheels_are_told_by_the_module_that_they_bring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, module in [
        ("onnxruntime_gpu", "onnxruntime"),
        ("ort_nightly", "onnxruntime"),
        ("onnxruntime_extensions", "onnxruntime_extensions"),
        ("onnxruntime_genai", "onnxruntime_genai"),
        ("onnxruntime_plugin", None),
    ]:
        folder = tmp_path / f"{name}-1.5.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
        if module:
            (folder / "top_level.txt").write_text(f"{module}\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert packages.bringing("onnxruntime") == {"onnxruntime-gpu": "1.5", "ort-nightly": "1.5"}


def test_a_damaged_cache_is_only_a_lost_cache(spec: NetworkSpec, own_cache: Path) -> None:
    own_cache.mkdir()
    (own_cache / probe.VERDICTS).write_text("{ not json")
    assert probe.verdict(spec, Path(spec.weights or ""), providers.CPU).correct
    assert len(json.loads((own_cache / probe.VERDICTS).read_text())) == 1


def test_a_cache_that_cannot_be_written_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MATTEPLUG_CACHE", str(tmp_path / "file" / "cache"))
    cache.keep("x.json", {"a": 1})
    assert cache.read("x.json") == {}


def engine_with(
    monkeypatch: pytest.MonkeyPatch, verdicts: dict[str, Verdict], built_in: list[str]
) -> tuple[OrtEngine, list[str]]:
    """An engine on a machine with these providers, that opens no session but records which."""
    opened: list[str] = []
    names = (*(providers.named(name).ort_name for name in built_in), providers.CPU.ort_name)
    monkeypatch.setattr(ort, "available", lambda: names)
    monkeypatch.setattr(providers, "order", lambda: ("cuda", "openvino", "cpu"))
    real = ort.open_session

    def open_session(graph: Path, provider: Provider, **options: object) -> object:
        opened.append(provider.id)
        return real(graph, providers.CPU)

    monkeypatch.setattr(ort, "open_session", open_session)
    return OrtEngine(prove=lambda spec, path, provider: verdicts[provider.id]), opened


WORKS = Verdict(loads=True, correct=True)
WRONG = Verdict(loads=True, correct=False, reason="its alpha is off")
ABSENT = Verdict(reason="libcuda is missing")


@pytest.mark.parametrize(
    ("verdicts", "chosen", "notes"),
    [
        ({"cuda": WORKS, "openvino": WORKS}, "cuda", []),
        ({"cuda": WRONG, "openvino": WORKS}, "openvino", ["off"]),
        ({"cuda": ABSENT, "openvino": WRONG}, "cpu", ["libcuda", "off"]),
        ({"openvino": WORKS}, "openvino", []),
        ({}, "cpu", []),
    ],
)
def test_auto_goes_down_the_list_and_says_so(
    spec: NetworkSpec,
    monkeypatch: pytest.MonkeyPatch,
    verdicts: dict[str, Verdict],
    chosen: str,
    notes: list[str],
) -> None:
    engine, opened = engine_with(monkeypatch, verdicts, list(verdicts))
    session = engine.session(spec)
    assert session.provider == chosen
    assert opened == [chosen]
    assert len(session.notes) == len(notes)
    assert all(word in note for word, note in zip(notes, session.notes, strict=True))


def test_every_proof_is_told_before_it_begins(
    spec: NetworkSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[tuple[float, str]] = []
    engine, _ = engine_with(monkeypatch, {"cuda": ABSENT, "openvino": WORKS}, ["cuda", "openvino"])
    engine.session(spec, progress=lambda share, what: reports.append((share, what)))
    assert reports == [
        (0, "loading"),
        (0, "checking NVIDIA CUDA"),
        (1 / 3, "checking Intel OpenVINO"),
        (1 - 1 / 3, "loading"),
    ]


def test_auto_passes_over_a_denied_provider(
    spec: NetworkSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, _ = engine_with(monkeypatch, {"cuda": WORKS}, ["cuda"])
    session = engine.session(replace(spec, denied_providers={"cuda": "wrong colours"}))
    assert session.provider == "cpu"
    assert "wrong colours" in session.notes[0]


@pytest.mark.parametrize("verdict", [WRONG, ABSENT])
def test_an_explicit_choice_that_fails_is_an_error(
    spec: NetworkSpec, monkeypatch: pytest.MonkeyPatch, verdict: Verdict
) -> None:
    engine, opened = engine_with(monkeypatch, {"cuda": verdict}, ["cuda"])
    with pytest.raises(EngineError) as caught:
        engine.session(spec, "cuda")
    assert caught.value.code == "provider-unproven"
    assert verdict.reason in caught.value.message
    assert opened == []


def test_every_platforms_order_ends_with_the_cpu() -> None:
    for platform in ("linux", "win32", "darwin", "freebsd14"):
        order = providers.order(platform)
        assert order[-1] == "cpu"
        assert all(providers.named(name).id == name for name in order)
