"""`matteplug export` and `matteplug import-checkpoint`, on a toy family and on wrong files."""

from __future__ import annotations

import argparse
import json
import os
import runpy
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from test_export import SPEC, Toy

from matteplug import plugins, weights
from matteplug.commands import export, import_checkpoint
from matteplug.engine import OrtEngine
from matteplug.errors import NetworkError
from matteplug.hookspecs import Command
from matteplug.network import FamilySpec, PublicCheckpoint
from matteplug.networks import checkpoints
from matteplug.runtime.golden import inputs_of


def run(command: Command, *words: object) -> int:
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return command.run(parser.parse_args([str(word) for word in words]))


@pytest.fixture
def toy_family(monkeypatch: pytest.MonkeyPatch) -> None:
    family = ModuleType("toy_family")
    vars(family).update(
        CONFIGS={"small": None},
        build=lambda config: Toy(),
        multiple=lambda config: 1,
        export_module=lambda model: model,
        spec=lambda config: SPEC,
    )
    monkeypatch.setitem(sys.modules, "toy_family", family)
    toy = FamilySpec(id="toy", module="toy_family", recipe="toy_family:recipe")
    monkeypatch.setitem(plugins.registry().families, "toy", toy)


@pytest.mark.usefixtures("toy_family")
def test_export_writes_the_checkpoints_weights(tmp_path: Path) -> None:
    model = Toy()
    torch.nn.init.constant_(model.last.weight, 0.25)
    checkpoints.save(tmp_path / "toy.pt", "toy", "small", model.state_dict(), step=7)
    (tmp_path / "metrics.json").write_text('{"sad": 5.0}')
    words = ["toy", "--config", "small", "--checkpoint", tmp_path / "toy.pt", "--full"]
    words += ["--out", tmp_path / "toy.onnx", "--metrics", tmp_path / "metrics.json"]
    assert run(export.command(), *words, "--training-data", "Made by rule.") == 0

    spec = weights.read_manifest(tmp_path / "toy.json")
    assert spec.metrics == {"sad": 5.0}
    assert spec.training_data == "Made by rule."
    assert spec.provenance["checkpoint_sha256"] == weights.sha256_of(tmp_path / "toy.pt")
    inputs = inputs_of(spec)
    image, trimap = (torch.from_numpy(255 * inputs[role]) for role in ("image", "trimap"))
    with torch.inference_mode():
        truth = model(image, trimap).numpy()
    alpha = OrtEngine().session(spec).run(inputs)["alpha"]
    np.testing.assert_allclose(alpha, truth, atol=1e-4)


@pytest.mark.usefixtures("toy_family")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"toy": "other"}, "other"),
        ({"small": "large"}, "large"),
        ({"toy.pt": "absent.pt"}, "absent.pt"),
    ],
)
def test_export_says_what_is_wrong(changes: dict[str, str], message: str, tmp_path: Path) -> None:
    checkpoints.save(tmp_path / "toy.pt", "toy", "small", Toy().state_dict())
    words = ["toy", "--config", "small", "--checkpoint", "toy.pt", "--out", "toy.onnx"]
    words = [changes.get(word, word) for word in words]
    with pytest.raises(NetworkError, match=message):
        run(export.command(), *(tmp_path / word if "." in word else word for word in words))
    assert not (tmp_path / "toy.onnx").exists()


@pytest.mark.usefixtures("toy_family")
@pytest.mark.parametrize(("words", "licence"), [((), "MIT"), (("--licence", "mine"), "mine")])
def test_import_writes_what_is_known_of_the_weights(
    words: tuple[str, ...], licence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def convert(state: dict[str, torch.Tensor]) -> Toy:
        model = Toy()
        checkpoints.load_into(model, state, "a toy")
        return model

    monkeypatch.setattr(sys.modules["toy_family"], "convert", convert, raising=False)
    public = PublicCheckpoint(
        name="toys",
        network_id="toy-public",
        config="small",
        convert="toy_family:convert",
        source="toy.pth of a release",
        licence="MIT",
        commercial="yes",
    )
    registry = plugins.registry()
    monkeypatch.setitem(registry.public_checkpoints, "toys", (registry.family("toy"), public))
    torch.save({"state_dict": Toy().state_dict()}, tmp_path / "toy.pth")
    out = tmp_path / "out.onnx"
    command = (tmp_path / "toy.pth", "--network", "toys", "--out", out, *words)
    assert run(import_checkpoint.command(), *command) == 0
    spec = weights.read_manifest(tmp_path / "out.json")
    assert (spec.id, spec.licence, spec.provenance["config"]) == ("toy-public", licence, "small")
    card = (tmp_path / "out.md").read_text(encoding="utf-8")
    assert "| weights | toy.pth; published as: toy.pth of a release |" in card
    assert f"| licence of the weights | {licence} |" in card
    assert f"| commercial use | {'unclear' if words else 'yes'} |" in card


class Trap:
    """A pickle that would run a command."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


def test_import_executes_nothing(tmp_path: Path) -> None:
    content = {"state_dict": {"weight": torch.ones(2)}, "extra": Trap(tmp_path / "ran")}
    torch.save(content, tmp_path / "p")
    with pytest.raises(NetworkError, match="never executed"):
        import_into(tmp_path / "p", tmp_path)
    assert not (tmp_path / "ran").exists()


def test_import_lists_what_a_wrong_file_lacks(tmp_path: Path) -> None:
    torch.save({"state_dict": {"module.backbone.weight": torch.ones(2)}}, tmp_path / "p")
    with pytest.raises(NetworkError, match=r"missing: .*; unexpected: backbone\.weight"):
        import_into(tmp_path / "p", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_import_knows_its_networks(tmp_path: Path) -> None:
    words = [tmp_path / "p", "--network", "dream", "--out", tmp_path / "o.onnx"]
    with pytest.raises(NetworkError, match="dream") as caught:
        run(import_checkpoint.command(), *words)
    assert "matteformer" in caught.value.hint


def import_into(checkpoint: Path, folder: Path) -> int:
    words = [checkpoint, "--network", "matteformer", "--out", folder / "out.onnx"]
    return run(import_checkpoint.command(), *words)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_public_matteformer_checkpoint_becomes_a_network(shared: Path, tmp_path: Path) -> None:
    make_state = runpy.run_path(str(shared / "parity" / "make_state.py"))["make_state"]
    keys = json.loads((shared / "parity" / "matteformer_keys.json").read_text())
    state = {f"module.{k}": torch.from_numpy(np.array(v)) for k, v in make_state(keys).items()}
    torch.save({"state_dict": state}, tmp_path / "p")
    assert import_into(tmp_path / "p", tmp_path) == 0
    spec = weights.read_manifest(tmp_path / "out.json")
    assert spec.id == "matteformer"
    assert OrtEngine().session(spec).run(inputs_of(spec))["alpha"].shape[0] == 1
