"""Networks that give what public code gives: parity, names, sizes, and files to be refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.errors import NetworkError
from matteplug.networks import checkpoints, families
from matteplug.networks.background_matting_v2 import config as bmv2_config
from matteplug.networks.background_matting_v2.graph import divisor
from matteplug.networks.background_matting_v2.model import BackgroundMattingV2, select
from matteplug.networks.dim.config import FOAMLIU, PAPER
from matteplug.networks.dim.model import Dim
from matteplug.networks.mmnet.config import MmnetConfig
from matteplug.networks.mmnet.layers import double
from matteplug.networks.mmnet.model import Mmnet
from matteplug.networks.modnet.config import ModnetConfig
from matteplug.networks.modnet.graph import fitted
from matteplug.networks.modnet.model import Modnet
from matteplug.networks.ops.unpooling import pool, unpool

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import parity

TINY_DIM = replace(PAPER, widths=(4, 4, 8, 8, 8), refined=4)
TINY_BMV2 = bmv2_config.BackgroundMattingV2Config(
    layers=(1, 1, 1, 1), width=1 / 16, context=8, decoder=(8, 8, 8), hidden=4
)
TINY_MODNET = ModnetConfig(width=0.125, low=(8, 8), high=8, fused=4, side_px=64)
TINY_MMNET = MmnetConfig(width=0.25, side_px=64)

TINY: dict[str, Callable[[], nn.Module]] = {
    "modnet": lambda: Modnet(TINY_MODNET),
    "dim": lambda: Dim(TINY_DIM),
    "background-matting-v2": lambda: BackgroundMattingV2(TINY_BMV2),
    "mmnet": lambda: Mmnet(TINY_MMNET),
}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["modnet", "dim", "bmv2", "mmnet"])
def test_parity_with_public_code(network: str, shared: Path) -> None:
    with torch.inference_mode():
        rows = list(parity.compare(shared / "parity", network))
    assert rows
    assert [row for row in rows if not row.worst <= row.tolerance] == []


@pytest.mark.parametrize(
    ("kind", "keys", "changed"),
    [
        ("modnet", "modnet", "f_branch.conv_f.1.layers.0.bias"),
        ("dim", "dim", "refiner.refine_pred.bias"),
        ("dim-foamliu", "dim_foamliu", "up1.conv.cbr_unit.1.bias"),
        ("background-matting-v2", "bmv2_mobilenetv2", "decoder.bn3.bias"),
        ("mmnet", "mmnet", "MMNet.final_block.pointwise_conv.bias"),
    ],
)
def test_every_public_name_is_taken_over(kind: str, keys: str, changed: str, shared: Path) -> None:
    shapes: dict[str, Any] = json.loads(
        (shared / "parity" / "survey" / f"{keys}_keys.json").read_text()
    )
    shapes = {name: shapes[s] if isinstance(s, str) else s for name, s in shapes.items()}
    state = {f"module.{name}": np.zeros(shape, np.float32) for name, shape in shapes.items()}
    network = checkpoints.load(kind, state)
    assert not network.training
    assert not any(p.any() for p in network.parameters())
    del state[f"module.{changed}"]
    state["module.classifier.weight"] = np.zeros(3, np.float32)
    with pytest.raises(NetworkError, match=r"missing: .*bias.*; unexpected: classifier\.weight"):
        checkpoints.load(kind, state)


def test_modnets_two_backbones_must_be_equal(shared: Path) -> None:
    shapes = json.loads((shared / "parity" / "survey" / "modnet_keys.json").read_text())
    shapes = {name: shapes[s] if isinstance(s, str) else s for name, s in shapes.items()}
    state = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    state["lr_branch.backbone.model.features.0.0.weight"][0, 0, 0, 0] = 1
    with pytest.raises(NetworkError, match=r"features\.0\.0\.weight differs"):
        checkpoints.load("modnet", state)


def test_deep_image_mattings_first_stage_has_no_refinement(shared: Path) -> None:
    shapes = json.loads((shared / "parity" / "survey" / "dim_keys.json").read_text())
    state = {name: np.zeros(s, np.float32) for name, s in shapes.items() if "refiner" not in name}
    network = checkpoints.load("dim", state)
    assert isinstance(network, Dim)
    assert network.refinement is None


def test_plate_networks_backbone_is_told_by_its_names() -> None:
    for config in (bmv2_config.COMPACT, bmv2_config.RESNET101):
        state = BackgroundMattingV2(config).state_dict()
        network = checkpoints.load("background-matting-v2", state)
        assert isinstance(network, BackgroundMattingV2)
        assert network.config == config
    base = {name: value for name, value in state.items() if not name.startswith("refiner.")}
    network = checkpoints.load("background-matting-v2", base)
    assert isinstance(network, BackgroundMattingV2)
    assert network.refiner is None
    with pytest.raises(ValueError, match="base network"):
        network.heads(torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64))


def test_published_sizes() -> None:
    counts = {
        ("modnet", "paper"): 6_487_075,
        ("dim", "paper"): 26_276_802,
        ("background-matting-v2", "compact"): 5_006_839,
        ("background-matting-v2", "paper"): 40_247_703,
        ("mmnet", "paper"): 190_652,
    }
    for (name, config), count in counts.items():
        with torch.device("meta"):
            model = families.family(name, config).build(config)
        assert sum(p.numel() for p in model.parameters()) == count


@pytest.mark.parametrize("name", ["modnet", "dim", "mmnet", "background-matting-v2"])
def test_heads_refuse_sides_that_do_not_fit(name: str) -> None:
    guide = torch.rand(1, 3, 33, 66) if name == "background-matting-v2" else torch.zeros(1, 33, 66)
    inputs = [torch.rand(1, 3, 33, 66)] + ([guide] if "net" not in name else [])
    with pytest.raises(ValueError, match="multiples of"):
        TINY[name]().heads(*inputs)  # type: ignore[operator]


def test_known_trimap_areas_are_written_back() -> None:
    for config in (TINY_DIM, replace(FOAMLIU, widths=TINY_DIM.widths)):
        trimap = torch.full((1, 32, 64), 128.0)
        trimap[:, :8], trimap[:, 24:] = 0, 255
        alpha = Dim(config).eval()(torch.rand(1, 3, 32, 64), trimap)
        assert (alpha[:, :, :8] == 0).all()
        assert (alpha[:, :, 24:] == 1).all()
        assert ((alpha[:, :, 8:24] > 0) & (alpha[:, :, 8:24] < 1)).any()


def test_unpooling_is_pytorchs_also_where_values_are_equal() -> None:
    x = torch.randn(2, 3, 8, 10).relu()
    x[:, :, 2:4, 2:4] = 0.5
    maxima, indices = F.max_pool2d(x, 2, return_indices=True)
    ours, mask = pool(x)
    assert torch.equal(ours, maxima)
    values = torch.randn_like(ours)
    assert torch.equal(unpool(values, mask), F.max_unpool2d(values, indices, [2, 2]))


def test_mmnet_enlarges_without_the_shift_by_half_a_pixel() -> None:
    x = torch.tensor([[1.0, 3.0], [5.0, 9.0]]).view(1, 1, 2, 2)
    expected = [[1, 2, 3, 3], [3, 4.5, 6, 6], [5, 7, 9, 9], [5, 7, 9, 9]]
    assert double(x)[0, 0].tolist() == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1080, 1920), (512, 896)),  # the shorter side is above 512
        ((300, 400), (512, 672)),  # the longer side is below it
        ((500, 700), (480, 672)),  # neither
        ((10, 400), (512, 2048)),  # a strip is bounded
    ],
)
def test_modnets_size_rule(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert fitted(*size, 512) == expected


def test_the_base_networks_scale_follows_the_size() -> None:
    assert [divisor(*size) for size in ((500, 700), (1080, 1920), (2160, 3840))] == [2, 4, 8]


def test_selection_of_patches() -> None:
    error = torch.tensor([[0.0, 0.2, 0.5], [0.9, 0.0, 0.1]]).view(1, 1, 2, 3)

    def chosen(mode: Any, pixels: int = 32, threshold: float = 0.3) -> list[float]:
        patches = select(error, mode, sample_pixels=pixels, threshold=threshold)
        return patches.flatten().tolist()

    assert chosen("sampling") == [0, 0, 1, 1, 0, 0]
    assert chosen("sampling", pixels=10_000) == [0, 1, 1, 1, 0, 1]  # those of no error stay
    assert chosen("thresholding") == [0, 0, 1, 1, 0, 0]
    assert chosen("full") == [1] * 6
    with pytest.raises(ValueError, match="no mode"):
        chosen("half")


def test_refinement_changes_the_chosen_patches_only() -> None:
    network = BackgroundMattingV2(TINY_BMV2).eval()
    pair = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64)
    heads = {
        mode: network.heads(*pair, mode=mode, sample_pixels=160, threshold=2.0)
        for mode in ("sampling", "thresholding", "full")
    }
    coarse: Tensor = heads["thresholding"]["alpha"]  # nothing exceeds 2
    changed = (heads["sampling"]["alpha"] != coarse)[0, 0].reshape(16, 4, 16, 4).any(3).any(1)
    assert changed.sum() <= 10
    assert (heads["full"]["alpha"] != coarse).float().mean() > 0.5
