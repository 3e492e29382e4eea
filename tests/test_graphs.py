"""Optimised graphs in the cache: used when they fit, made again when they do not, never needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from matteplug.errors import EngineError
from matteplug.runtime import graphs, ort
from matteplug.runtime.providers import CPU

Opened = list[Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MATTEPLUG_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "graphs"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Return the files that are opened, as they are."""
    paths: Opened = []
    real = ort.open_session

    def open_session(graph: Path, *arguments: Any, **options: Any) -> Any:
        paths.append(graph)
        return real(graph, *arguments, **options)

    monkeypatch.setattr(ort, "open_session", open_session)
    return paths


@pytest.fixture
def doubling(tmp_path: Path) -> Path:
    """A graph that adds its input to itself."""
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n"]) for n in "xy")
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "double", [x], [y])
    path = tmp_path / "double.onnx"
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    return path


def doubles(graph: Path, checksum: str = "c0ffee") -> bool:
    session = graphs.open_on_cpu(graph, checksum, threads=1, spinning=False)
    (result,) = session.run(None, {"x": np.array([1.5], np.float32)})
    return bool(result[0] == 3)


def test_the_second_opening_takes_the_optimised_graph(doubling: Path, opened: Opened) -> None:
    assert doubles(doubling)
    assert doubles(doubling)
    assert opened == [doubling, graphs.place("c0ffee")]


def test_a_damaged_graph_in_the_cache_is_made_again(doubling: Path, opened: Opened) -> None:
    assert doubles(doubling)
    kept = graphs.place("c0ffee")
    kept.write_bytes(kept.read_bytes()[:20])
    assert doubles(doubling)
    assert doubles(doubling)
    assert opened == [doubling, doubling, kept]  # the damaged one is not opened


@pytest.mark.parametrize("place", range(0, 40, 3))
def test_a_flipped_bit_leads_to_a_new_graph(doubling: Path, opened: Opened, place: int) -> None:
    assert doubles(doubling)
    kept = graphs.place("c0ffee")
    content = bytearray(kept.read_bytes())
    content[place * len(content) // 40] ^= 1 << place % 8
    kept.write_bytes(content)
    assert doubles(doubling)
    assert opened == [doubling, doubling]
    assert kept.read_bytes() != content
    assert doubles(doubling)
    assert opened == [doubling, doubling, kept]


def test_a_flipped_bit_in_a_weight_does_not_change_the_result(
    tmp_path: Path, cache: Path, opened: Opened
) -> None:
    factor = numpy_helper.from_array(np.array([2.0], np.float32), "k")
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n"]) for n in "xy")
    nodes = [helper.make_node("Mul", ["x", "k"], ["y"])]
    graph = helper.make_graph(nodes, "double", [x], [y], [factor])
    path = tmp_path / "factor.onnx"
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    assert doubles(path)
    kept = graphs.place("c0ffee")
    two, three = np.float32(2).tobytes(), np.float32(3).tobytes()  # one bit apart
    changed = kept.read_bytes().replace(two, three)
    assert changed != kept.read_bytes()
    kept.write_bytes(changed)
    session = ort.open_session(kept, CPU, optimise=False)
    assert session.run(None, {"x": np.array([1.5], np.float32)})[0] == 4.5  # it would load
    assert doubles(path)


@pytest.mark.parametrize("content", [None, b"", b"[" * 100_000, b"{}", b'{"%s": 3}', b'{"%s": ""}'])
def test_a_graph_without_its_checksum_is_made_again(
    doubling: Path, cache: Path, opened: Opened, content: bytes | None
) -> None:
    assert doubles(doubling)
    checksums = cache.parent / graphs.CHECKSUMS
    if content is None:
        checksums.unlink()
    else:
        checksums.write_bytes(content.replace(b"%s", graphs.place("c0ffee").name.encode()))
    assert doubles(doubling)
    assert doubles(doubling)
    assert opened == [doubling, doubling, graphs.place("c0ffee")]


def test_a_cache_that_cannot_be_written_is_done_without(
    doubling: Path, cache: Path, opened: Opened
) -> None:
    cache.parent.mkdir()
    cache.write_text("in the way")
    assert doubles(doubling)
    assert doubles(doubling)
    assert set(opened) == {doubling}


def test_other_weights_versions_and_processors_have_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = {graphs.place("a"), graphs.place("b")}
    monkeypatch.setattr(graphs, "_processor", lambda: "of another kind")
    places.add(graphs.place("a"))
    monkeypatch.setattr(ort.import_onnxruntime(), "__version__", "0.0")
    places.add(graphs.place("a"))
    assert len(places) == 4


def test_the_oldest_make_room(doubling: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "KEPT", 2)
    for checksum in "abc":
        assert doubles(doubling, checksum)
    assert len(list(cache.iterdir())) == 2
    assert graphs.place("c").exists()


def test_damaged_weights_are_an_error(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"no graph")
    with pytest.raises(EngineError, match="cannot load the graph"):
        doubles(damaged)
