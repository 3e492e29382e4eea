"""The export writes a graph that answers as torch does, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from matteplug import weights
from matteplug.engine import OrtEngine
from matteplug.errors import NetworkError
from matteplug.export import METADATA_KEY, export, parity, tracing
from matteplug.export.half_storage import halve
from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.runtime import golden
from matteplug.types import Size, Tensor

SPEC = NetworkSpec(
    id="toy",
    title="Toy",
    guide=Guide.TRIMAP,
    inputs=(
        TensorSpec(name="image", role="image", channels=3, high=255),
        TensorSpec(name="trimap", role="trimap", channels=1, high=255),
    ),
    outputs=(TensorSpec(name="alpha", role="alpha", channels=1),),
    licence="Apache-2.0",
    training_data="None.",
)


class Toy(torch.nn.Module):
    """Pads to a multiple of eight as an export must: without asking whether it is needed."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.first = torch.nn.Conv2d(4, 16, 3, padding=1)
        self.last = torch.nn.Conv2d(16, 1, 3, padding=1)

    def padding(self, height: int) -> int:
        return (8 - height % 8) % 8

    def forward(self, image: torch.Tensor, trimap: torch.Tensor) -> torch.Tensor:
        height = image.shape[2]
        x = torch.cat([image, trimap], dim=1) / 255 - 0.5
        x = torch.nn.functional.pad(x, (0, 0, 0, self.padding(height)))
        alpha: torch.Tensor = torch.sigmoid(4 * self.last(torch.relu(self.first(x))))
        return alpha[:, :, :height]


class BakedByRounding(Toy):
    """The trap of a public network: the exporter takes the rounded number for a constant."""

    def padding(self, height: int) -> int:
        return int(np.ceil(height / 8)) * 8 - height


class BakedByCounting(Toy):
    """A count that Python makes; the exporter freezes the width itself."""

    def forward(self, image: torch.Tensor, trimap: torch.Tensor) -> torch.Tensor:
        return super().forward(image, trimap) / len(range(image.shape[3]))


class Upright(Toy):
    """Finds something in upright pictures alone, as a network of people may."""

    def forward(self, image: torch.Tensor, trimap: torch.Tensor) -> torch.Tensor:
        upright = torch.arange(image.shape[2])[-1] > torch.arange(image.shape[3])[-1]
        return super().forward(image, trimap) * upright


class Silent(Toy):
    """Finds nothing in any picture."""

    def forward(self, image: torch.Tensor, trimap: torch.Tensor) -> torch.Tensor:
        return 0 * super().forward(image, trimap)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("export")
    (folder / "toy.ckpt").write_bytes(b"weights")
    said: list[str] = []
    export(Toy(), SPEC, folder / "toy.onnx", checkpoint=folder / "toy.ckpt", say=said.append)
    return folder / "toy.onnx", said


def test_writes_one_graph_and_its_manifest(exported: tuple[Path, list[str]]) -> None:
    path, said = exported
    assert sorted(p.name for p in path.parent.iterdir()) == ["toy.ckpt", "toy.json", "toy.onnx"]
    spec = weights.read_manifest(path.with_suffix(".json"))
    assert weights.path_of(spec) == path
    assert spec.provenance["checkpoint_sha256"] == weights.sha256_of(path.parent / "toy.ckpt")
    assert spec.provenance["parity"]["worst"] <= parity.TOLERANCE
    assert 0 < spec.provenance["half"]["worst"] <= parity.HALF_TOLERANCE
    assert any("worst difference" in line for line in said)


def test_the_graph_carries_its_spec(exported: tuple[Path, list[str]]) -> None:
    path, _ = exported
    model = onnx.load(path)
    embedded = {entry.key: entry.value for entry in model.metadata_props}[METADATA_KEY]
    manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert json.loads(embedded) == manifest | {"sha256": ""}


def test_batch_height_and_width_are_free(exported: tuple[Path, list[str]]) -> None:
    for value in onnx.load(exported[0]).graph.input:
        dims = value.type.tensor_type.shape.dim
        assert [dims[axis].dim_param for axis in (0, 2, 3)] == ["batch", "height", "width"]


def test_stored_weights_are_half_as_large(exported: tuple[Path, list[str]]) -> None:
    weights_of = {tuple(t.dims): t.data_type for t in onnx.load(exported[0]).graph.initializer}
    assert weights_of[16, 4, 3, 3] == onnx.TensorProto.FLOAT16
    assert weights_of[1, 16, 3, 3] == onnx.TensorProto.FLOAT  # too small to be worth it


def test_the_golden_tensor_is_reproduced(exported: tuple[Path, list[str]]) -> None:
    spec = weights.read_manifest(exported[0].with_suffix(".json"))
    outputs = OrtEngine().session(spec).run(golden.inputs_of(spec))
    assert golden.compare(spec, outputs).worst < 1e-4
    wrong = {"alpha": outputs["alpha"] * np.float32(1.05)}
    assert golden.compare(spec, wrong).mean > 0.01


def test_the_golden_tensor_is_of_a_picture_that_tells_something(tmp_path: Path) -> None:
    spec = export(Upright(), SPEC, tmp_path / "toy.onnx")
    width, height = spec.golden["size"]
    assert width < height


def test_a_network_that_finds_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="finds nothing in any of the 32 test pictures"):
        export(Silent(), SPEC, tmp_path / "toy.onnx")
    assert not list(tmp_path.iterdir())


def test_graph_and_module_are_compared_on_pictures_that_tell_something() -> None:
    shown: list[float] = []

    def every_third(image: Tensor, trimap: Tensor) -> tuple[Tensor]:
        shown.append(float(image.mean()))
        return (np.full_like(trimap, 0.5 * (len(shown) % 3 == 0)),)

    cases = parity.fitted(SPEC)
    assert all(golden.tells(one.outputs) for one in parity.sample(SPEC, cases, every_third))
    assert len(set(shown)) == 3 * len(cases), "another picture each time"


@pytest.mark.parametrize(
    ("module", "code"),
    [(BakedByRounding, "export-differs"), (BakedByCounting, "export-failed")],
)
def test_a_baked_dimension_is_refused_and_nothing_written(
    module: type[Toy], code: str, tmp_path: Path
) -> None:
    with pytest.raises(NetworkError) as caught:
        export(module(), SPEC, tmp_path / "toy.onnx", say=lambda line: None)
    assert caught.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_a_broken_half_graph_is_refused_and_nothing_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing_a_weight(model: onnx.ModelProto) -> onnx.ModelProto:
        halved = halve(model)
        weight = next(t for t in halved.graph.initializer if tuple(t.dims) == (16, 4, 3, 3))
        weight.CopyFrom(numpy_helper.from_array(np.zeros((16, 4, 3, 3), np.float16), weight.name))
        return halved

    monkeypatch.setattr("matteplug.export.halve", losing_a_weight)
    with pytest.raises(NetworkError) as caught:
        export(Toy(), SPEC, tmp_path / "toy.onnx", say=lambda line: None)
    assert caught.value.code == "export-half-differs"
    assert "--full" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_refused_export_leaves_the_former_one(tmp_path: Path) -> None:
    (tmp_path / "toy.onnx").write_bytes(b"former")
    with pytest.raises(NetworkError):
        export(BakedByRounding(), SPEC, tmp_path / "toy.onnx", say=lambda line: None)
    assert (tmp_path / "toy.onnx").read_bytes() == b"former"


def test_too_few_cases_prove_nothing() -> None:
    with pytest.raises(ValueError, match="6 and 2"):
        parity.fitted(SPEC, [parity.Case(1, Size(side, 9)) for side in range(1, 9)])


def test_other_weights_go_into_the_kept_trace(
    exported: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(module: object, spec: object) -> None:
        raise AssertionError("traced again")

    monkeypatch.setattr(tracing, "_trace", never)
    other = Toy()
    torch.nn.init.constant_(other.last.weight, 0.1)
    spec = export(other, SPEC, tmp_path / "toy.onnx", say=lambda line: None)
    assert spec.provenance["parity"]["worst"] <= parity.TOLERANCE
    assert (tmp_path / "toy.onnx").read_bytes() != exported[0].read_bytes()


def test_a_kept_trace_of_other_code_is_traced_again(
    exported: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Toy, "padding", lambda self, height: (16 - height % 16) % 16)
    monkeypatch.setattr(torch, "sigmoid", torch.tanh)
    spec = export(Toy(), SPEC, tmp_path / "toy.onnx", say=lambda line: None)
    assert spec.provenance["parity"]["worst"] <= parity.TOLERANCE


def test_other_code_or_shape_is_another_trace() -> None:
    keys = {tracing._key(module, SPEC) for module in (Toy(), BakedByRounding(), Toy().double())}
    wider = Toy()
    wider.first = torch.nn.Conv2d(4, 16, 5, padding=2)
    numbered = Toy()
    vars(numbered)["band_px"] = 7
    keys |= {tracing._key(wider, SPEC), tracing._key(numbered, SPEC)}
    assert len(keys) == 4  # the precision of the weights alone is none
