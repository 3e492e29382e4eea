"""CITM: what the equations promise, at sizes that nothing was made for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from matteplug.networks.citm.attention import PriorAttention
from matteplug.networks.citm.config import COMPACT, PAPER, CitmConfig, CompactConfig
from matteplug.networks.citm.family import export_module
from matteplug.networks.citm.memory import CrossLayerMemory, GatedUnit
from matteplug.networks.citm.model import Citm
from matteplug.networks.citm.refinement import dilated, random_widths, refine
from matteplug.networks.citm.swin import PriorBlock, shift_mask
from matteplug.networks.families import family

TINY = CitmConfig(
    embed=8,
    depths=(1, 2, 2, 1),
    heads=(1, 2, 2, 2),
    shortcuts=(4, 4, 8, 8, 16, 16),
    decoder=(16, 8, 8, 4),
    blocks=(2, 1, 1, 1),
    head=4,
)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def picture(height: int = 64, width: int = 96, batch: int = 1) -> tuple[Tensor, Tensor]:
    """Return an image and a trimap with all three areas."""
    trimap = torch.ones(batch, height, width, dtype=torch.long)
    trimap[:, : height // 3] = 0
    trimap[:, -height // 3 :] = 2
    return torch.rand(batch, 3, height, width), trimap


def decided(config: CitmConfig | CompactConfig) -> Citm:
    """Return a network in eval mode whose heads answer far from one half."""
    model = Citm(config)
    with torch.no_grad():
        if isinstance(config, CompactConfig):  # blocks and joins start as zeros
            for parameter in model.parameters():
                if parameter.ndim > 1 and not parameter.any():
                    torch.nn.init.normal_(parameter, std=0.1)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.uniform_(-0.2, 0.2)  # type: ignore[union-attr]
                module.running_var.uniform_(0.2, 1.0)  # type: ignore[union-attr]
    return model.eval()


PROPAGATING = replace(TINY, window=8, detail=2, propagation=True)
SMALL = CompactConfig(
    widths=(8, 16, 16, 16),
    convolutions=(1, 1, 1, 0),
    depths=(0, 0, 2, 1),
    heads=(1, 1, 2, 2),
)
PLAIN = replace(SMALL, features="", priors=("colours",), propagation=False)


@pytest.mark.parametrize(
    "config", [TINY, replace(TINY, propagation=True), PROPAGATING, SMALL, PLAIN]
)
def test_heads_have_the_size_of_the_image(config: CitmConfig | CompactConfig) -> None:
    image, trimap = picture(64, 96, batch=2)
    heads = decided(config).heads(image, trimap)
    if config.propagation:
        data_weight = heads.pop("data_weight")
        assert data_weight.shape == (2, 1, 32, 48)
        assert (data_weight > 0).all()
    assert set(heads) == {"alpha_os8", "alpha_os4", "alpha_os1"}
    for alpha in heads.values():
        assert alpha.shape == (2, 1, 64, 96)
        assert alpha.min() >= 0
        assert alpha.max() <= 1


def test_sides_that_are_not_multiples_of_32_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        Citm(TINY).heads(*picture(64, 90))


@pytest.mark.parametrize("config", [TINY, PROPAGATING, SMALL])
def test_known_area_is_written_back_exactly(config: CitmConfig | CompactConfig) -> None:
    image, trimap = picture()
    alpha = decided(config)(image, trimap)[:, 0]
    assert (alpha[trimap == 0] == 0).all()
    assert (alpha[trimap == 2] == 1).all()
    assert 0 < alpha[trimap == 1].mean() < 1


def test_memory_changes_the_result_only_when_switched_on() -> None:
    image, trimap = picture()
    model = decided(TINY)
    before = model.heads(image, trimap)["alpha_os8"]
    with torch.no_grad():
        model.encoder.memory[1].bridges[0].bias.add_(1.0)  # type: ignore[union-attr, index]
    assert not torch.allclose(before, model.heads(image, trimap)["alpha_os8"])
    without = Citm(replace(TINY, memory=False))
    assert not [name for name in without.state_dict() if "memory" in name]


def test_the_compact_memory_passes_on_what_large_maps_hold() -> None:
    image, trimap = picture()
    model = decided(SMALL)
    before = model.heads(image, trimap)["alpha_os8"]
    with torch.no_grad():
        model.encoder.memory[0].bridges[1].bias.add_(1.0)  # type: ignore[union-attr, index]
    assert not torch.allclose(before, model.heads(image, trimap)["alpha_os8"])
    without = Citm(replace(SMALL, memory=False))
    assert not [name for name in without.state_dict() if "memory" in name]
    assert without(image, trimap).shape == (1, 1, 64, 96)


def test_memory_adds_one_prior_set_from_the_second_stage_on() -> None:
    def tables(config: CitmConfig) -> list[int]:
        state = Citm(config).state_dict()
        rows = [len(v) - 169 for k, v in state.items() if k.endswith("bias_table")]
        return [row // 3 for row in rows]

    assert tables(replace(TINY, memory=False)) == [1, 1, 2, 1, 2, 1]
    assert tables(TINY) == [1, 2, 3, 2, 3, 2]


@pytest.mark.parametrize("config", [PROPAGATING, SMALL])
def test_gradients_reach_every_parameter(config: CitmConfig | CompactConfig) -> None:
    model = decided(config).train()
    image, trimap = picture(128, 128, batch=2)
    heads = model.heads(image, trimap)
    alphas = refine(heads, (3, 3))
    alphas["alpha"] = model.propagate(image, trimap, alphas["alpha_os1"], heads["data_weight"])
    torch.stack([alpha.sum() for alpha in alphas.values()]).sum().backward()  # type: ignore[no-untyped-call]
    learning = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    still = {n for n, p in learning if p.grad is None or not p.grad.any()}
    # the memory starts empty, so the first reset gates have nothing to act on
    assert still == {
        f"encoder.memory.0.units.{kind}.reset.{leaf}"
        for kind in range(3)
        for leaf in ("weight", "bias")
    }


@pytest.mark.parametrize("only", [0, 1, 2])
@pytest.mark.parametrize("config", [TINY, SMALL])
def test_empty_trimap_areas_give_numbers(only: int, config: CitmConfig | CompactConfig) -> None:
    image, _ = picture()
    model = decided(config)
    alphas = model.heads(image, torch.full((1, 64, 96), only))
    assert all(alpha.isfinite().all() for alpha in alphas.values())


@pytest.mark.parametrize("config", [TINY, SMALL])
def test_images_of_a_batch_do_not_touch_each_other(config: CitmConfig | CompactConfig) -> None:
    model = decided(config)
    image, trimap = picture(batch=2)
    trimap[1] = trimap[1].flip(0)
    together = model(image, trimap)
    alone = torch.cat([model(image[i : i + 1], trimap[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_own_prior_is_the_mean_over_each_area() -> None:
    x = torch.rand(1, 2, 2, 8)
    areas = torch.tensor([[[0.5, 0.5, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]])
    seen = []
    block = PriorBlock(8, heads=1, window=7, shift=0, prior_sets=1, mlp_ratio=1.0)
    block.norm1.register_forward_hook(lambda _, args, __: seen.append(args[0]))
    block(x, areas, None)
    expected = torch.stack([x[0, 0].mean(0), x[0, 1, 0], torch.zeros(8)])
    torch.testing.assert_close(seen[0][0], expected)


def test_attention_with_priors_is_that_of_the_definition() -> None:
    attention = PriorAttention(8, heads=2, window=2, prior_sets=1).double()
    windows = torch.rand(1, 2, 4, 8, dtype=torch.float64)
    priors = torch.rand(1, 3, 8, dtype=torch.float64)
    mask = torch.zeros(2, 4, 4).double()
    mask[1, :2, 2:] = -100
    result = attention(windows, priors, mask)
    for n in range(2):
        tokens = torch.cat((windows[0, n], priors[0]))  # (7, 8)
        query, key, value = attention.qkv(tokens).reshape(7, 3, 2, 4).permute(1, 2, 0, 3)
        table = attention.relative_position_bias_table
        bias = torch.cat((table[attention.relative_position_index], table[9:].expand(4, 3, 2)), 1)
        scores = query[:, :4] @ key.transpose(1, 2) / 2 + bias.permute(2, 0, 1)
        scores = scores + torch.cat((mask[n], torch.zeros(4, 3)), 1)
        expected = (scores.softmax(-1) @ value).transpose(0, 1).reshape(4, 8)
        torch.testing.assert_close(result[0, n], attention.proj(expected))


def test_shift_mask_parts_exactly_what_was_not_adjacent() -> None:
    side, shift, rows, columns = 4, 2, 2, 3
    y, x = np.mgrid[: rows * side, : columns * side]
    # where every token of the shifted grid came from; neighbours in a window must lie near
    y, x = np.roll(y, -shift, 0), np.roll(x, -shift, 1)

    def windows(a: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> Tensor:
        cut = a.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows * columns, -1)
        return torch.from_numpy(np.ascontiguousarray(cut))

    wy, wx = windows(y), windows(x)
    far = ((wy[:, :, None] - wy[:, None]).abs() >= side) | (
        (wx[:, :, None] - wx[:, None]).abs() >= side
    )
    mask = shift_mask(rows, columns, side, shift, torch.device("cpu"))
    assert torch.equal(mask != 0, far)


def test_gated_unit_follows_equations_4_to_7() -> None:
    unit = GatedUnit(4)
    new, old = torch.rand(2, 4), torch.rand(2, 4)
    torch.nn.init.constant_(unit.update.bias, 50.0)  # z = 1: all new
    r = torch.sigmoid(unit.reset(torch.cat((new, old), 1)))
    h = torch.tanh(unit.candidate(torch.cat((new, r * old), 1)))
    torch.testing.assert_close(unit(new, old), h)
    torch.nn.init.constant_(unit.update.bias, -50.0)  # z = 0: all old
    torch.testing.assert_close(unit(new, old), old)


def test_memory_keeps_the_kinds_apart() -> None:
    memory = CrossLayerMemory(4, 6)
    new, old = torch.rand(1, 3, 4), torch.rand(1, 3, 4)
    changed = new.clone()
    changed[:, 1] += 1
    difference = (memory(new, old) - memory(changed, old)).abs().sum(-1)[0]
    assert difference[1] > 0
    assert difference[0] == difference[2] == 0


def test_refinement_replaces_what_is_uncertain() -> None:
    coarse = torch.zeros(1, 1, 1, 9)
    coarse[..., 4] = 0.5
    coarse[..., 8] = 1.0
    fine = torch.full_like(coarse, 0.25)
    fused = refine({"alpha_os8": coarse, "alpha_os4": fine, "alpha_os1": fine}, (3, 1))
    assert fused["alpha_os4"].flatten().tolist() == [0, 0, 0, 0.25, 0.25, 0.25, 0, 0, 1]
    assert fused["alpha_os1"].flatten().tolist() == [0, 0, 0, 0.25, 0.25, 0.25, 0, 0, 1]
    assert fused["alpha_os8"] is coarse


@pytest.mark.parametrize("radius", [0, 1, 3, 7, 14])
def test_dilation_is_that_of_the_exported_graph(radius: int) -> None:
    mask = (torch.rand(2, 1, 20, 33) > 0.97).float()
    side = 2 * radius + 1
    expected = torch.nn.functional.max_pool2d(mask, side, stride=1, padding=radius)
    assert torch.equal(dilated(mask, radius), expected)


def test_random_widths_stay_below_their_bounds() -> None:
    widths = [random_widths() for _ in range(300)]
    assert {max(w[0] for w in widths), max(w[1] for w in widths)} == {29, 14}
    assert min(min(w) for w in widths) == 1


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 5), (33, 64), (50, 97)])
@pytest.mark.parametrize("config", [TINY, SMALL])
def test_graph_takes_any_size(height: int, width: int, config: CitmConfig | CompactConfig) -> None:
    graph = export_module(decided(config))
    trimap = torch.tensor([0.0, 128.0, 255.0]).repeat(height * width)[: height * width]
    trimap = trimap.reshape(1, 1, height, width)
    alpha = graph(torch.rand(1, 3, height, width) * 255, trimap)
    assert alpha.shape == (1, 1, height, width)
    assert (alpha[trimap == 0] == 0).all()
    assert (alpha[trimap == 255] == 1).all()


def test_graph_folds_spectral_normalisation() -> None:
    model = Citm(TINY)
    assert any("parametrizations" in name for name in model.state_dict())
    image, trimap = picture()
    expected = model.eval()(image, trimap)
    graph = export_module(model)
    assert not any("parametrizations" in name for name in graph.state_dict())
    actual = graph(image * 255, trimap[:, None] * 127.5)
    torch.testing.assert_close(actual, expected, atol=1e-5, rtol=0)


def test_sizes_of_the_configurations() -> None:
    parameters = list(family("citm").build("compact").parameters())
    assert sum(p.numel() for p in parameters if p.requires_grad) <= 8_000_000
    assert sum(p.numel() for p in parameters) <= 10_000_000  # 20 MiB in half precision
    assert PAPER.widths == (96, 192, 384, 768)
    assert COMPACT.window == 8


def test_compact_starts_as_its_prior() -> None:
    model = Citm(replace(SMALL, features="", priors=("colours", "table", "propagation"))).eval()
    image, trimap = picture()
    areas = torch.nn.functional.one_hot(trimap, 3).permute(0, 3, 1, 2).float()
    _, prior = model.priors(image, areas)
    alpha = model.heads(image, trimap)["alpha_os1"]
    torch.testing.assert_close(alpha, prior.clamp(0.02, 0.98), atol=0.02, rtol=0)


def test_spec_names_the_arguments_of_the_graph() -> None:
    spec = family("citm").spec("compact")
    assert [tensor.name for tensor in spec.inputs] == ["image", "trimap"]
    assert spec.overlap_px > 0
