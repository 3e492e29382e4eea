"""The engine: right values in and out, sessions kept, providers explicit, cancel quick."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from matteplug import engine as engines
from matteplug import weights
from matteplug.engine import OrtEngine, Session
from matteplug.errors import Cancelled, EngineError, NetworkError
from matteplug.network import Guide, NetworkSpec, SizeRule, TensorSpec
from matteplug.runtime.sessions import OrtSession
from matteplug.types import CancelToken, Tensor
from matteplug.worker import _Worker

IMAGE = TensorSpec(name="image", role="image", channels=3, high=255)
ALPHA = TensorSpec(name="alpha", role="alpha", channels=1)


def spec_of(path: Path, **changes: object) -> NetworkSpec:
    spec = NetworkSpec(
        id="toy",
        title="Toy",
        guide=Guide.NONE,
        inputs=(IMAGE,),
        outputs=(ALPHA,),
        weights=str(path),
    )
    return replace(spec, **changes)  # type: ignore[arg-type]


def graph(path: Path, nodes: list[onnx.NodeProto], **weights: np.ndarray) -> Path:
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])
    alpha = helper.make_tensor_value_info("alpha", TensorProto.FLOAT, ["n", 1, "h", "w"])
    stored = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "toy", [image], [alpha], stored),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=10,
    )
    onnx.save(model, path)
    return path


@pytest.fixture
def first_channel(tmp_path: Path) -> Path:
    """A graph that returns the first channel as it comes in."""
    zero = np.array([0], np.int64)
    return graph(
        tmp_path / "first.onnx",
        [helper.make_node("Gather", ["image", "zero"], ["alpha"], axis=1)],
        zero=zero,
    )


def convolutions(path: Path, count: int) -> Path:
    """A graph of that many convolutions one after the other, and one before and behind them."""
    rng = np.random.default_rng(0)
    nodes = [helper.make_node("Conv", ["image", "first"], ["x0"], pads=[1, 1, 1, 1])]
    nodes += [
        helper.make_node("Conv", [f"x{i}", "middle"], [f"x{i + 1}"], pads=[1, 1, 1, 1])
        for i in range(count)
    ]
    nodes.append(helper.make_node("Conv", [f"x{count}", "last"], ["alpha"]))
    return graph(
        path,
        nodes,
        first=rng.normal(0, 0.1, (24, 3, 3, 3)).astype(np.float32),
        middle=rng.normal(0, 0.04, (24, 24, 3, 3)).astype(np.float32),
        last=rng.normal(0, 0.1, (1, 24, 1, 1)).astype(np.float32),
    )


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A graph that takes seconds at 512²."""
    return convolutions(tmp_path / "slow.onnx", 400)


def random_inputs(batch: int = 1, height: int = 5, width: int = 7) -> dict[str, Tensor]:
    rng = np.random.default_rng(3)
    return {"image": rng.random((batch, 3, height, width), np.float32)}


def test_scales_and_normalises_as_the_spec_says(first_channel: Path) -> None:
    tensor = replace(IMAGE, mean=(100.0, 0.0, 0.0), std=(200.0, 1.0, 1.0))
    inputs = {"image": np.full((2, 3, 4, 6), 0.8, np.float32)}
    session = OrtEngine().session(spec_of(first_channel, inputs=(tensor,)))
    alpha = session.run(inputs)["alpha"]
    np.testing.assert_allclose(alpha, np.full((2, 1, 4, 6), (204 - 100) / 200), atol=1e-6)


def test_scales_outputs_back_and_clips(first_channel: Path) -> None:
    output = replace(ALPHA, low=-255.0, high=255.0)  # the graph's 0 to 255 are the upper half
    inputs = random_inputs()
    alpha = OrtEngine().session(spec_of(first_channel, outputs=(output,))).run(inputs)["alpha"]
    np.testing.assert_allclose(alpha, inputs["image"][:, :1] / 2 + 0.5, atol=1e-6)
    clipped = OrtEngine().session(spec_of(first_channel)).run(inputs)["alpha"]
    assert clipped.max() == 1.0


def test_pads_to_the_size_rule_and_crops(tmp_path: Path) -> None:
    nodes = [  # returns the width it sees, over 255
        helper.make_node("Shape", ["image"], ["shape"]),
        helper.make_node("Gather", ["shape", "three"], ["width"]),
        helper.make_node("Cast", ["width"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["image", "zero"], ["first"], axis=1),
        helper.make_node("Mul", ["first", "nothing"], ["none"]),
        helper.make_node("Add", ["none", "float"], ["alpha"]),
    ]
    path = graph(
        tmp_path / "width.onnx",
        nodes,
        three=np.array(3, np.int64),
        zero=np.array([0], np.int64),
        nothing=np.array(0, np.float32),
    )
    spec = spec_of(
        path, size=SizeRule(multiple=32, minimum_px=64), outputs=(replace(ALPHA, high=255.0),)
    )
    for width, seen in ((7, 64), (64, 64), (65, 96)):
        alpha = OrtEngine().session(spec).run(random_inputs(width=width))["alpha"]
        assert alpha.shape == (1, 1, 5, width)
        np.testing.assert_allclose(alpha, seen / 255, atol=1e-6)


def test_sessions_are_kept_and_made_once_by_many_threads(first_channel: Path) -> None:
    located = []

    def locate(spec: NetworkSpec) -> Path:
        located.append(spec.id)
        time.sleep(0.05)
        return first_channel

    engine = OrtEngine(locate=locate)
    sessions = []
    threads = [
        threading.Thread(target=lambda: sessions.append(engine.session(spec_of(first_channel))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(session) for session in sessions}) == 1
    assert located == ["toy"]


def test_the_provider_is_recorded(first_channel: Path) -> None:
    assert OrtEngine().session(spec_of(first_channel)).provider == "cpu"
    assert OrtEngine().session(spec_of(first_channel), "cpu").provider == "cpu"


@pytest.mark.parametrize(
    ("provider", "code"), [("cuda", "provider-missing"), ("quantum", "provider-unknown")]
)
def test_an_explicit_provider_never_falls_back(
    first_channel: Path, provider: str, code: str
) -> None:
    with pytest.raises(EngineError) as caught:
        OrtEngine().session(spec_of(first_channel), provider)
    assert caught.value.code == code
    assert caught.value.hint


def test_a_denied_provider_is_refused_with_its_reason(first_channel: Path) -> None:
    spec = spec_of(first_channel, denied_providers={"cuda": "wrong colours"})
    with pytest.raises(EngineError, match="wrong colours"):
        OrtEngine().session(spec, "cuda")


def test_cancel_stops_within_half_a_second_and_the_session_stays_usable(slow: Path) -> None:
    session = OrtEngine(threads=1).session(spec_of(slow))
    small = session.run(random_inputs(height=8, width=8))["alpha"]
    token = CancelToken()
    cancelled_at = []

    def cancel() -> None:
        cancelled_at.append(time.perf_counter())
        token.cancel()

    timer = threading.Timer(0.3, cancel)
    timer.start()
    with pytest.raises(Cancelled):
        session.run(random_inputs(height=512, width=512), token)
    assert time.perf_counter() - cancelled_at[0] < 0.5
    again = session.run(random_inputs(height=8, width=8), CancelToken())["alpha"]
    np.testing.assert_array_equal(small, again)


def test_a_token_cancelled_before_stops_at_once(first_channel: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        OrtEngine().session(spec_of(first_channel)).run(random_inputs(), token)


@pytest.mark.alone
@pytest.mark.parametrize("kept", [False, True], ids=["as it is", "from the cache"])
def test_a_host_s_worker_leaves_the_cores_alone_between_mattes(
    kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "physical_cores", lambda: 3)  # one has nobody to wait
    path = convolutions(tmp_path / "few.onnx", 4)
    spec = spec_of(path, sha256=weights.sha256_of(path) if kept else "")
    quiet = _Worker(io.BytesIO(), io.BytesIO(), None)._the_engine().session(spec)
    busy = OrtEngine().session(spec)

    def burned_s(session: Session) -> float:
        session.run(random_inputs(height=32, width=32))
        started = time.process_time()
        time.sleep(0.2)
        return time.process_time() - started

    assert burned_s(busy) > burned_s(quiet)
    assert burned_s(quiet) < 0.02
    for session, allowed in ((busy, "1"), (quiet, "0")):
        options = cast(OrtSession, session)._session.get_session_options()
        assert options.get_session_config_entry("session.intra_op.allow_spinning") == allowed


def test_numbers_that_are_none_are_an_error(tmp_path: Path) -> None:
    zero, minus = np.array([0], np.int64), np.array(-1, np.float32)
    path = graph(
        tmp_path / "nan.onnx",
        [
            helper.make_node("Gather", ["image", "zero"], ["first"], axis=1),
            helper.make_node("Mul", ["first", "minus"], ["negative"]),
            helper.make_node("Sqrt", ["negative"], ["alpha"]),
        ],
        zero=zero,
        minus=minus,
    )
    with pytest.raises(EngineError) as caught:
        OrtEngine().session(spec_of(path)).run(random_inputs())
    assert caught.value.code == "not-a-number"


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({}, ValueError),
        ({"image": np.zeros((1, 3, 4, 4))}, TypeError),
        ({"image": np.zeros((1, 1, 4, 4), np.float32)}, ValueError),
        ({"image": np.zeros((1, 3, 0, 4), np.float32)}, ValueError),
    ],
)
def test_wrong_arrays_are_a_programmers_mistake(
    first_channel: Path, inputs: Mapping[str, Tensor], error: type[Exception]
) -> None:
    with pytest.raises(error):
        OrtEngine().session(spec_of(first_channel)).run(inputs)


def test_a_graph_of_other_names_is_refused(first_channel: Path) -> None:
    other = spec_of(first_channel, outputs=(replace(ALPHA, name="matte"),))
    with pytest.raises(NetworkError, match="matte"):
        OrtEngine().session(other)


def test_a_damaged_graph_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no graph")
    with pytest.raises(EngineError) as caught:
        OrtEngine().session(spec_of(tmp_path / "bad.onnx"))
    assert caught.value.code == "graph-not-loaded"


def inverted(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {"alpha": 1 - inputs["image"][:, :1]}


def test_a_solver_is_called_with_roles() -> None:
    spec = spec_of(Path(), weights=None, solver=f"{__name__}:inverted")
    session = OrtEngine().session(spec)
    inputs = random_inputs()
    np.testing.assert_array_equal(session.run(inputs)["alpha"], 1 - inputs["image"][:, :1])
    with pytest.raises(EngineError, match="CPU"):
        OrtEngine().session(spec, "cuda")


def test_a_missing_solver_is_a_networks_error() -> None:
    with pytest.raises(NetworkError, match="nowhere"):
        OrtEngine().session(spec_of(Path(), weights=None, solver="nowhere.at_all:f"))


def test_without_onnxruntime_the_hint_names_it(
    first_channel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Absent:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "onnxruntime":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    with pytest.raises(EngineError) as caught:
        OrtEngine().session(spec_of(first_channel))
    assert caught.value.code == "no-onnxruntime"
    assert caught.value.hint.endswith('pip install "onnxruntime"')


def test_importing_the_engine_does_not_import_onnxruntime() -> None:
    assert engines.__name__ in sys.modules
    import subprocess

    code = "import matteplug.engine, sys; sys.exit('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
