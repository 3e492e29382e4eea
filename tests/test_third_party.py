"""A stranger's network: as a package through the hooks, and as an ONNX file with a spec."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from factories import picture
from onnx import TensorProto, helper, numpy_helper

from matteplug import api, cli, plugins
from matteplug.errors import MatteplugError, NetworkError
from matteplug.images import files
from matteplug.networks import added, onnx_file

LUMA = Path(__file__).parent / "plugins" / "luma"
WEIGHTS = np.array([0.299, 0.587, 0.114])
GOLDEN = {
    "rule": 1,
    "seed": 20,
    "size": [30, 20],
    "stride": 5,
    "expected": {"alpha": [0.5] * 24},
}


@pytest.fixture
def own_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "own"
    monkeypatch.setenv("MATTEPLUG_NETWORKS", str(folder))
    plugins.registry.cache_clear()
    yield folder
    plugins.registry.cache_clear()


@pytest.fixture
def graph(tmp_path: Path) -> tuple[Path, Path]:
    """Return a copy of the graph and its spec, under another id."""
    onnx_path, spec_path = tmp_path / "bright.onnx", tmp_path / "spec.json"
    shutil.copy(LUMA / "matteplug_luma" / "luma.onnx", onnx_path)
    spec = json.loads((LUMA / "matteplug_luma" / "luma.json").read_text())
    spec_path.write_text(json.dumps(spec | {"id": "bright"}))
    return onnx_path, spec_path


def test_a_package_is_installed_and_used_by_the_command_line(tmp_path: Path) -> None:
    site, photos = tmp_path / "site", tmp_path / "photos"
    source = shutil.copytree(LUMA, tmp_path / "luma")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(site)]
    subprocess.run([*pip, *offline, str(source)], check=True)
    photos.mkdir()
    files.write(photos / "a.png", picture())
    environment = os.environ | {"PYTHONPATH": str(site)}
    matteplug = [sys.executable, "-m", "matteplug"]
    command = [*matteplug, "batch", str(photos), "--network", "luma", "--output", "alpha"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    alpha = files.read_mask(tmp_path / "photos-matte" / "a.png")
    assert np.abs(alpha - picture() @ WEIGHTS).max() <= 1
    listed = subprocess.run(
        [*matteplug, "plugins", "--json"], env=environment, capture_output=True, check=True
    )
    ours = [p for p in json.loads(listed.stdout) if p["name"] == "luma"]
    assert [(p["distribution"], p["networks"]) for p in ours] == [("matteplug-luma 1.0", ["luma"])]


def test_a_file_is_added_used_and_removed(
    own_networks: Path, graph: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    onnx_path, spec_path = graph
    assert cli.main(["networks", "add", str(onnx_path), "--spec", str(spec_path)]) == 0
    onnx_path.unlink()  # it was copied
    plugins.registry.cache_clear()
    matte = api.matte(picture(), network="bright")
    assert np.abs(matte.alpha - picture() @ WEIGHTS / 255).max() < 1e-5
    capsys.readouterr()
    assert cli.main(["networks", "--json"]) == 0
    assert "bright" in {spec["id"] for spec in json.loads(capsys.readouterr().out)}
    assert cli.main(["networks", "remove", "bright"]) == 0
    assert list(own_networks.iterdir()) == []
    assert cli.main(["networks", "remove", "bright"]) == 2
    assert "No network named 'bright'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inputs": [{"name": "other", "role": "image", "channels": 3}]}, "named other"),
        ({"outputs": [{"name": "nothing", "role": "alpha", "channels": 1}]}, "named nothing"),
        ({"size": {"multiple": 8}, "golden": {"rule": 1}}, "golden"),
        ({"golden": GOLDEN}, "off by"),
    ],
    ids=["input", "output", "golden", "another network's"],
)
def test_what_cannot_work_is_refused_when_it_is_added(
    own_networks: Path,
    graph: tuple[Path, Path],
    change: dict[str, object],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    onnx_path, spec_path = graph
    spec_path.write_text(json.dumps(json.loads(spec_path.read_text()) | change))
    assert cli.main(["networks", "add", str(onnx_path), "--spec", str(spec_path)]) == 2
    assert words in capsys.readouterr().err
    assert not own_networks.exists()


@pytest.mark.parametrize("kind", ["half the size", "words", "float16", "NaN", "damaged"])
def test_a_graph_that_does_not_give_an_alpha_is_refused_when_it_is_added(
    own_networks: Path,
    graph: tuple[Path, Path],
    kind: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    onnx_path, spec_path = graph
    spec = json.loads(spec_path.read_text())
    names = (spec["inputs"][0]["name"], spec["outputs"][0]["name"])
    onnx_path.write_bytes(unusable(kind, *names))
    assert cli.main(["networks", "add", str(onnx_path), "--spec", str(spec_path)]) == 2
    said = capsys.readouterr().err
    assert f"{onnx_path} does not work as bright: " in said
    assert not own_networks.exists()


def unusable(kind: str, image: str, alpha: str) -> bytes:
    """Return a graph that takes a picture and gives something else than an alpha."""
    given, made = TensorProto.FLOAT, TensorProto.FLOAT
    nodes = [helper.make_node("ReduceMean", [image], ["mean"], axes=[1], keepdims=1)]
    if kind == "half the size":
        nodes.append(
            helper.make_node("AveragePool", ["mean"], [alpha], kernel_shape=[2, 2], strides=[2, 2])
        )
    elif kind == "words":
        made = TensorProto.STRING
        nodes.append(helper.make_node("Cast", ["mean"], [alpha], to=made))
    elif kind == "NaN":
        nodes += [
            helper.make_node("Sub", ["mean", "mean"], ["zero"]),
            helper.make_node("Div", ["zero", "zero"], [alpha]),
        ]
    else:
        given = made = TensorProto.FLOAT16
        nodes.append(helper.make_node("Identity", ["mean"], [alpha]))
    x = helper.make_tensor_value_info(image, given, ["n", 3, "h", "w"])
    y = helper.make_tensor_value_info(alpha, made, None)
    opsets = [helper.make_opsetid("", 13)]
    model = helper.make_model(
        helper.make_graph(nodes, "g", [x], [y]), opset_imports=opsets, ir_version=8
    )
    if kind == "damaged":
        model.graph.node[0].op_type = "Nonsense"
    return bytes(model.SerializeToString())


def test_a_file_that_changed_is_refused(own_networks: Path, graph: tuple[Path, Path]) -> None:
    onnx_path, spec_path = graph
    spec = added.add(onnx_path, added.read_spec(spec_path))
    assert len(spec.sha256) == 64
    (own_networks / "bright.onnx").write_bytes(onnx_path.read_bytes() + b"\0")
    plugins.registry.cache_clear()
    with pytest.raises(NetworkError, match="checksum"):
        api.matte(picture(), network="bright")


def test_a_wrong_checksum_in_the_spec_is_refused(
    own_networks: Path, graph: tuple[Path, Path]
) -> None:
    onnx_path, spec_path = graph
    spec_path.write_text(json.dumps(json.loads(spec_path.read_text()) | {"sha256": "0" * 64}))
    with pytest.raises(NetworkError, match="checksum"):
        added.add(onnx_path, added.read_spec(spec_path))
    assert not own_networks.exists()


def test_a_name_that_is_taken_is_refused(
    own_networks: Path, graph: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    onnx_path, spec_path = graph
    added.add(onnx_path, added.read_spec(spec_path))
    with pytest.raises(NetworkError, match="added before"):
        added.add(onnx_path, added.read_spec(spec_path))
    taken = json.loads(spec_path.read_text()) | {"id": "closed-form"}
    spec_path.write_text(json.dumps(taken))
    assert cli.main(["networks", "add", str(onnx_path), "--spec", str(spec_path)]) == 2
    assert "already provides a network named closed-form" in capsys.readouterr().err


def external(location: str, where: str) -> onnx.ModelProto:
    """Return a graph with a weight in another file, in a place of the graph."""
    tensor = numpy_helper.from_array(np.ones(4, np.float32), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])
    constant = helper.make_node("Constant", [], ["y"], value=tensor)
    if where == "initializer":
        node = helper.make_node("Identity", ["w"], ["y"])
        return helper.make_model(helper.make_graph([node], "g", [], [output], [tensor]))
    if where == "constant":
        return helper.make_model(helper.make_graph([constant], "g", [], [output]))
    if where.startswith("sparse"):
        sparse = onnx.SparseTensorProto(values=tensor, dims=[4])
        sparse.indices.CopyFrom(numpy_helper.from_array(np.arange(4), "i"))
        if where == "sparse initializer":
            graph = helper.make_graph(
                [helper.make_node("Identity", ["w"], ["y"])], "g", [], [output]
            )
            graph.sparse_initializer.append(sparse)
        else:
            node = helper.make_node("Constant", [], ["y"], sparse_value=sparse)
            graph = helper.make_graph([node], "g", [], [output])
        return helper.make_model(graph)
    if where == "function":
        model = helper.make_model(helper.make_graph([], "g", [], [output]))
        function = model.functions.add(name="f", domain="d")
        function.attribute_proto.append(helper.make_attribute("value", tensor))
        return model
    if where == "training":
        model = helper.make_model(helper.make_graph([], "g", [], [output]))
        model.training_info.add().algorithm.initializer.append(tensor)
        return model
    branch = helper.make_graph([constant], "b", [], [output])
    condition = numpy_helper.from_array(np.array(True), "c")
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    return helper.make_model(helper.make_graph([node], "g", [], [output], [condition]))


PLACES = (
    "initializer",
    "constant",
    "branch",
    "sparse initializer",
    "sparse attribute",
    "function",
    "training",
)


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("location", ["../../secret.bin", "/etc/hostname", "weights.bin"])
def test_weights_in_other_files_are_refused(tmp_path: Path, where: str, location: str) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(external(location, where).SerializeToString())
    with pytest.raises(NetworkError, match="other files") as caught:
        onnx_file.check(path)
    assert location in caught.value.message


@pytest.mark.parametrize("content", [b"", b"not an onnx file", b"\x3a\xff\xff\xff\x7f", b"\x00"])
def test_what_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(NetworkError, match="not an ONNX file"):
        onnx_file.check(path)
    with pytest.raises(NetworkError, match="cannot be read"):
        onnx_file.check(tmp_path / "none.onnx")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "Bad Name"}, "lower-case"),
        ({"inputs": []}, "role image"),
        ({"outputs": []}, "role alpha"),
        ({"guide": "magic"}, "not a network's manifest"),
        ({"weights": "../luma.onnx"}, "outside its own folder"),
        ({"colour": "red"}, "not a network's manifest"),
        ({"refined_share": 0.01}, '"refined_share" is now called "edge_band_fraction"'),
        ({"refined_from": 0.1}, '"refined_from" is now called "soft_threshold"'),
    ],
)
def test_a_spec_that_says_too_little_is_refused(
    tmp_path: Path, graph: tuple[Path, Path], change: dict[str, object], message: str
) -> None:
    spec_path = graph[1]
    spec_path.write_text(json.dumps(json.loads(spec_path.read_text()) | change))
    with pytest.raises(MatteplugError, match=message):
        added.read_spec(spec_path)
