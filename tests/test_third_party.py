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
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from matteplug import api, cli, plugins
from matteplug.errors import MatteplugError, NetworkError
from matteplug.images import files
from matteplug.networks import added, onnx_file

LUMA = Path(__file__).parent / "plugins" / "luma"
WEIGHTS = np.array([0.299, 0.587, 0.114])


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


def picture() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (21, 34, 3), np.uint8)


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
    assert "closed-form already" in capsys.readouterr().err


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
    branch = helper.make_graph([constant], "b", [], [output])
    condition = numpy_helper.from_array(np.array(True), "c")
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    return helper.make_model(helper.make_graph([node], "g", [], [output], [condition]))


@pytest.mark.parametrize("where", ["initializer", "constant", "branch"])
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
    with pytest.raises(NetworkError, match="no ONNX file"):
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
