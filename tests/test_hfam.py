"""HFAM: its parts, the ablation's switches, the fusion, and the way to any size."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from matteplug.errors import NetworkError
from matteplug.networks.backbones.imagenet_weights import load_imagenet
from matteplug.networks.backbones.resnet import ResNet
from matteplug.networks.families import family
from matteplug.networks.hfam.config import COMPACT, PAPER, HfamConfig
from matteplug.networks.hfam.decoders import Bridge, DetailBranch
from matteplug.networks.hfam.family import export_module
from matteplug.networks.hfam.graph import (
    calibrated,
    expected_overlap,
    restore_detail,
)
from matteplug.networks.hfam.mfem import Mfem, SelectiveKernel, StackedAspp
from matteplug.networks.hfam.model import Hfam, fuse
from matteplug.networks.ops.resizing import bounded

TINY = HfamConfig(
    bottleneck=False,
    layers=(1, 1, 1, 1),
    width=4,
    context=4,
    aspp=4,
    dilations=(1, 2, 3),
    decoder=(8, 8, 4, 4, 4),
    side_px=64,
    detail_px=96,
)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_features_halve_from_stage_to_stage() -> None:
    for config in (TINY, replace(TINY, bottleneck=True)):
        encoder = ResNet(config.layers, bottleneck=config.bottleneck, width=config.width)
        features = encoder(torch.rand(2, 3, 64, 96))
        sizes = [tuple(f.shape) for f in features]
        expected = zip(encoder.channels, (2, 4, 8, 16, 32), strict=True)
        assert sizes == [(2, c, 64 // s, 96 // s) for c, s in expected]


def test_paper_encoder_has_the_names_and_size_of_resnet_101() -> None:
    with torch.device("meta"):
        encoder = ResNet(PAPER.layers, bottleneck=PAPER.bottleneck, width=PAPER.width)
        whole = Hfam(PAPER)
    names = encoder.state_dict()
    assert names["layer3.22.conv3.weight"].shape == (1024, 256, 1, 1)
    assert names["layer2.0.downsample.1.running_var"].shape == (512,)
    # torchvision's ResNet-101 has 44 549 160 parameters, 2 049 000 of them in the classifier
    assert sum(p.numel() for p in encoder.parameters()) == 42_500_160
    assert sum(p.numel() for p in whole.parameters()) < 90_000_000


def test_compact_is_small() -> None:
    assert sum(p.numel() for p in family("hfam").build("compact").parameters()) <= 10_000_000


def test_imagenet_weights_come_without_the_classifier() -> None:
    model, other = Hfam(TINY), ResNet(TINY.layers, bottleneck=TINY.bottleneck, width=TINY.width)
    state = {name: t.numpy() for name, t in other.state_dict().items()}
    load_imagenet(
        model.encoder, state | {"fc.weight": torch.zeros(10, 32), "fc.bias": torch.zeros(10)}
    )
    assert isinstance(model.encoder, ResNet)
    assert torch.equal(model.encoder.conv1.weight, other.conv1.weight)
    del state["conv1.weight"]
    with pytest.raises(NetworkError, match=r"missing: conv1\.weight"):
        load_imagenet(model.encoder, state)


@pytest.mark.parametrize(
    "switch",
    [
        {},
        {"mfem": ()},
        {"mfem": (4,)},
        {"bridge": False},
        {"attention": False},
        {"bottleneck": True},
    ],
)
def test_every_part_can_be_switched_off(switch: dict[str, object]) -> None:
    model = Hfam(replace(TINY, **switch)).train()  # type: ignore[arg-type]
    output = model(torch.rand(2, 3, 64, 96))
    assert output.semantic.shape == (2, 3, 64, 96)
    assert output.detail.shape == output.alpha.shape == (2, 1, 64, 96)
    (output.semantic.square().mean() + output.detail.mean()).backward()
    still = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert not still
    assert sum(isinstance(m, Mfem) for m in model.modules()) == len(model.config.mfem)


def test_aspp_keeps_size_and_carries_the_mean() -> None:
    aspp = StackedAspp(6, 4, (1, 2, 3)).eval()
    x = torch.rand(2, 6, 5, 7)
    scales = aspp(x)
    assert scales.shape == (2, 5, 4, 5, 7)
    assert torch.equal(scales[:, 4, :, 0, 0], scales[:, 4, :, 4, 6])
    torch.testing.assert_close(aspp(x)[:, 4], aspp(x.flip(3))[:, 4])


def test_scales_share_a_channels_weight() -> None:
    selection = SelectiveKernel(4, scales=5)
    weights = selection(torch.ones(1, 5, 4, 2, 2))
    torch.testing.assert_close(weights.sum(dim=1), torch.full((1, 4, 2, 2), 5.0))
    assert weights.std() > 0


def test_bridge_sees_six_pixels_around() -> None:
    bridge = Bridge(2, 3, dilated=True).eval()
    x = torch.rand(1, 2, 32, 32).requires_grad_()
    bridge(x)[0, :, 16, 16].sum().backward()
    assert x.grad is not None
    rows = x.grad.abs().sum(dim=(0, 1, 3)).nonzero().flatten()
    assert rows.max() - 16 <= 6
    assert 16 - rows.min() <= 6


def test_attention_takes_the_backgrounds_texture_away() -> None:
    channels = ResNet(TINY.layers, bottleneck=TINY.bottleneck, width=TINY.width).channels
    features = [torch.rand(1, c, 32 >> i, 32 >> i) for i, c in enumerate(channels)]
    seen = []
    branch = DetailBranch(TINY, channels).eval()
    branch.decoder.laterals[4].register_forward_hook(lambda _, args, __: seen.append(args[0]))
    semantic = torch.zeros(1, 3, 64, 64)
    semantic[:, 0, :32] = 1  # background above, foreground below
    semantic[:, 2, 32:] = 1
    branch(features, semantic)
    low = seen[0][:, TINY.width :]
    assert (low[:, :, :16] == 0).all()
    assert low[:, :, 16:].any()


def test_fusion_keeps_certain_areas_exactly() -> None:
    classes = torch.tensor([0, 1, 2]).view(1, 1, 3)
    probabilities = torch.nn.functional.one_hot(classes, 3).permute(0, 3, 1, 2).float()
    detail = torch.full((1, 1, 1, 3), 0.3)
    torch.testing.assert_close(fuse(probabilities, detail).flatten(), torch.tensor([0, 0.3, 1]))
    soft = probabilities * 0.2 + 0.8 / 3
    assert torch.equal(fuse(soft, detail) == detail, classes[None] == 1)


def test_large_images_are_bounded_and_small_ones_left() -> None:
    assert bounded(torch.rand(1, 3, 300, 100), 64).shape == (1, 3, 64, 21)
    assert bounded(torch.rand(1, 3, 1000, 4), 64).shape == (1, 3, 64, 1)
    small = torch.rand(1, 3, 64, 30)
    torch.testing.assert_close(bounded(small, 64), small)


def test_detail_comes_back_from_the_picture() -> None:
    alpha = (torch.arange(128) % 8 < 4).float().expand(1, 1, 128, 128)
    image = alpha.expand(1, 3, 128, 128)
    seen = bounded(image, 32)
    coarse = seen[:, :1]
    enlarged = torch.nn.functional.interpolate(coarse, size=(128, 128), mode="bilinear")
    restored, sure = restore_detail(coarse, torch.full_like(coarse, 0.7), seen, image)
    torch.testing.assert_close(sure, torch.full_like(alpha, 0.7))
    assert (restored - alpha).abs().mean() < 0.5 * (enlarged - alpha).abs().mean()


def test_an_image_that_was_not_shrunk_keeps_its_alpha() -> None:
    image, alpha = torch.rand(1, 3, 20, 30), torch.rand(1, 1, 20, 30)
    restored, sure = restore_detail(alpha, 1 - alpha, image, image)
    torch.testing.assert_close((restored, sure), (alpha, 1 - alpha))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 5), (50, 97), (200, 130)])
def test_graph_takes_any_size(height: int, width: int) -> None:
    graph = export_module(Hfam(TINY))
    alpha, confidence = graph(torch.rand(2, 3, height, width) * 255)
    for output in (alpha, confidence):
        assert output.shape == (2, 1, height, width)
        assert output.min() >= 0
        assert output.max() <= 1


def test_spec_names_what_the_graph_gives() -> None:
    spec = family("hfam").spec("compact")
    assert [tensor.role for tensor in spec.outputs] == ["alpha", "confidence"]
    assert not spec.tiling
    assert (PAPER.side_px, COMPACT.side_px) == (512, 256)


def test_the_expected_overlap_is_that_of_a_sure_and_of_an_unsure_map() -> None:
    alpha = torch.zeros(1, 1, 20, 20)
    alpha[..., :10] = 1
    sure = torch.cat([1 - alpha, torch.zeros_like(alpha), alpha], dim=1)
    torch.testing.assert_close(expected_overlap(sure, alpha), torch.ones_like(alpha))
    unsure = 0.5 * sure + 0.5 * torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
    torch.testing.assert_close(expected_overlap(unsure, alpha), torch.full_like(alpha, 0.5))
    nothing = torch.zeros_like(alpha)
    empty = torch.cat([nothing + 0.9, nothing + 0.1, nothing], dim=1)
    assert (expected_overlap(empty, nothing) == 0).all()


def test_calibration_puts_the_overlaps_where_they_belong() -> None:
    overlaps = torch.tensor([0.0, 0.3, 0.6, 0.8, 0.9, 1.0])
    expected = torch.tensor([0.0, 0.05, 0.1, 0.5, 0.75, 1.0])
    torch.testing.assert_close(calibrated(overlaps, (0.6, 0.8)), expected)
    torch.testing.assert_close(calibrated(overlaps, (0.1, 0.5)), overlaps)
