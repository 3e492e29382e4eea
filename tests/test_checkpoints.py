"""Checkpoints: parity with the public networks, and files that must be refused."""

from __future__ import annotations

import importlib.util
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from matteplug.errors import NetworkError
from matteplug.networks import checkpoints

State = dict[str, Any]


def made_state(shared: Path, network: str) -> State:
    """Return the checkpoint that the parity cases were computed with."""
    source = importlib.util.spec_from_file_location("rule", shared / "parity" / "make_state.py")
    assert source is not None
    assert source.loader is not None
    rule = importlib.util.module_from_spec(source)
    source.loader.exec_module(rule)
    shapes = json.loads((shared / "parity" / f"{network}_keys.json").read_text())
    state: State = rule.make_state(shapes)
    return state


@pytest.fixture(scope="module")
def matteformer_state(shared: Path) -> State:
    return made_state(shared, "matteformer")


def test_matteformer_parity(shared: Path, matteformer_state: State) -> None:
    network = checkpoints.load("matteformer", matteformer_state)
    cases = sorted((shared / "parity").glob("matteformer_*.npz"))
    assert cases
    for path in cases:
        case = np.load(path)
        with torch.inference_mode():
            heads = network.heads(  # type: ignore[operator]
                torch.from_numpy(case["image"]), torch.from_numpy(case["trimap"])[None]
            )
        for name in ("alpha_os8", "alpha_os4", "alpha_os1"):
            np.testing.assert_allclose(heads[name].numpy(), case[name], atol=1e-4, rtol=0)


def test_background_matting_parity(shared: Path) -> None:
    state = made_state(shared, "background_matting")
    network = checkpoints.load("background-matting", state)
    cases = sorted((shared / "parity").glob("background_matting_*.npz"))
    assert cases
    for path in cases:
        case = np.load(path)
        names = ("image", "background", "segmentation", "motion")
        with torch.inference_mode():
            outputs = network.raw(*(torch.from_numpy(case[name]) for name in names))  # type: ignore[operator]
        for output, name in zip(outputs, ("alpha", "foreground"), strict=True):
            np.testing.assert_allclose(output.numpy(), case[name], atol=1e-4, rtol=0)


def test_prefix_and_index_buffers_are_taken_away(matteformer_state: State) -> None:
    state = {f"module.{name}": torch.from_numpy(v) for name, v in matteformer_state.items()}
    index = "module.encoder.layers.0.blocks.0.attn.relative_position_index"
    state[index] = torch.zeros(49, 49)
    network = checkpoints.load("matteformer", state)
    assert not network.training
    bar = matteformer_state["decoder.conv1.module.weight_bar"]
    sigma = np.linalg.svd(bar.reshape(32, -1), compute_uv=False)[0]
    weight = network.state_dict()["decoder.conv1.weight"].numpy()
    np.testing.assert_allclose(weight, bar / sigma, rtol=1e-4)


def test_wrong_names_are_listed(matteformer_state: State) -> None:
    state = dict(matteformer_state)
    del state["encoder.norm0.weight"]
    state["classifier.weight"] = np.zeros(3, np.float32)
    with pytest.raises(NetworkError) as caught:
        checkpoints.load("matteformer", state)
    assert caught.value.code == "checkpoint-mismatch"
    assert "missing: encoder.norm0.weight" in caught.value.message
    assert "unexpected: classifier.weight" in caught.value.message


def test_wrong_shapes_are_listed(matteformer_state: State) -> None:
    state = dict(matteformer_state) | {"encoder.norm0.weight": np.zeros(7, np.float32)}
    with pytest.raises(NetworkError, match=r"encoder.norm0.weight \(7,\) instead of \(96,\)"):
        checkpoints.load("matteformer", state)


def test_only_the_first_of_many_names_are_listed() -> None:
    with pytest.raises(NetworkError, match=r"missing: .* and \d+ more"):
        checkpoints.load("matteformer", {})


def test_unknown_import_names_the_known_ones() -> None:
    with pytest.raises(NetworkError, match="matteformer"):
        checkpoints.load("no-such-network", {})


def test_own_checkpoint_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    checkpoints.save(path, "citm", "compact", {"a": torch.ones(2)}, step=7)
    found = checkpoints.read(path, family="citm", config="compact")
    assert (found.family, found.config, found.meta) == ("citm", "compact", {"step": 7})
    assert torch.equal(found.state["a"], torch.ones(2))
    assert [p.name for p in tmp_path.iterdir()] == ["last.pt"]


def test_another_configuration_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    checkpoints.save(path, "citm", "compact", {})
    with pytest.raises(NetworkError, match="'compact', not 'paper'"):
        checkpoints.read(path, config="paper")
    with pytest.raises(NetworkError, match="'citm', not 'hfam'"):
        checkpoints.read(path, family="hfam")


class Payload:
    """Would leave a file behind when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_code_in_a_file_is_never_executed(tmp_path: Path) -> None:
    path, trace = tmp_path / "evil.pt", tmp_path / "executed"
    torch.save({"state_dict": {"a": Payload(trace)}}, path)
    plain = tmp_path / "evil.pkl"
    plain.write_bytes(pickle.dumps(Payload(trace)))
    for file in (path, plain):
        with pytest.raises(NetworkError, match="never executed"):
            checkpoints.read_public(file)
        with pytest.raises(NetworkError, match="never executed"):
            checkpoints.read(file)
    assert not trace.exists()


def test_files_that_are_no_checkpoints(tmp_path: Path) -> None:
    with pytest.raises(NetworkError) as caught:
        checkpoints.read(tmp_path / "none.pt")
    assert caught.value.code == "checkpoint-missing"
    (tmp_path / "text.pt").write_text("hello")
    with pytest.raises(NetworkError) as caught:
        checkpoints.read(tmp_path / "text.pt")
    assert caught.value.code == "checkpoint-damaged"
    torch.save({"weights": torch.ones(1)}, tmp_path / "other.pt")
    with pytest.raises(NetworkError) as caught:
        checkpoints.read(tmp_path / "other.pt")
    assert caught.value.code == "checkpoint-foreign"


def test_public_weights_under_state_dict(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "state_dict": {"a": torch.ones(1)}}, tmp_path / "public.pth")
    assert set(checkpoints.read_public(tmp_path / "public.pth")) == {"a"}
    torch.save({"epoch": 3}, tmp_path / "empty.pth")
    with pytest.raises(NetworkError, match="no weights"):
        checkpoints.read_public(tmp_path / "empty.pth")
