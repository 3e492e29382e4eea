"""Networks without public code, and the parts that several networks share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from matteplug.networks.backbones.mobilenetv2 import MobileNetV2
from matteplug.networks.backbones.resnet import LAYERS, ResNet
from matteplug.networks.backbones.vgg import VggEncoder
from matteplug.networks.fast_deep_matting.config import FastDeepMattingConfig
from matteplug.networks.fast_deep_matting.model import FastDeepMatting
from matteplug.networks.hattmatting.config import HattConfig
from matteplug.networks.hattmatting.model import HattMatting
from matteplug.networks.ops.pyramid_pooling import PyramidPooling, grid_means
from matteplug.networks.shm.config import ShmConfig
from matteplug.networks.shm.model import Shm
from matteplug.networks.sim.config import PATTERNS, SimConfig
from matteplug.networks.sim.layers import StandardisedConv
from matteplug.networks.sim.model import Sim

TINY_SIM = SimConfig(layers=(1, 1, 1, 1), width=4, context=8, fine=(8, 8, 4), classifier=4)
TINY_SHM = ShmConfig(
    layers=(1, 1, 1, 1), width=1 / 16, pyramid=8, matting=(4, 4, 8, 8, 8), side_px=64
)

TINY: dict[str, Callable[[], nn.Module]] = {
    "fast-deep-matting": lambda: FastDeepMatting(
        FastDeepMattingConfig(width=6, feathering=4, side_px=64)
    ),
    "shm": lambda: Shm(TINY_SHM),
    "shm light": lambda: Shm(ShmConfig(light=True, width=0.125, matting=(4, 4, 8, 8), side_px=64)),
    "hattmatting": lambda: HattMatting(
        HattConfig(layers=(1, 1, 1, 1), width=16, context=16, dilations=(1, 2, 3), side_px=64)
    ),
    "sim": lambda: Sim(TINY_SIM),
}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("name", TINY)
def test_sides_that_do_not_fit_are_refused(name: str) -> None:
    inputs = [torch.rand(1, 3, 33, 67)] + ([torch.zeros(1, 33, 67)] if name == "sim" else [])
    with pytest.raises(ValueError, match="multiples of"):
        TINY[name]()(*inputs)


def test_backbones_have_the_published_sizes() -> None:
    def count(module: nn.Module) -> int:
        return sum(p.numel() for p in module.parameters())

    with torch.device("meta"):  # torchvision's, without their classifiers
        assert count(ResNet(LAYERS[18], bottleneck=False)) == 11_689_512 - 513_000
        assert count(ResNet(LAYERS[50])) == 25_557_032 - 2_049_000
        assert count(ResNet(LAYERS[101])) == 44_549_160 - 2_049_000
        assert count(ResNet(LAYERS[50], groups=32, group_width=4)) == 25_028_904 - 2_049_000
        assert count(MobileNetV2()) == 3_504_872 - 1_281_000
        assert count(VggEncoder(3)) == 14_714_688


@pytest.mark.parametrize(("stride", "sides"), [(32, (4, 2)), (16, (4, 4)), (8, (8, 8))])
def test_dilation_keeps_the_resolution(stride: int, sides: tuple[int, int]) -> None:
    network = ResNet((1, 2, 1, 2), width=4, output_stride=stride)
    *_, f3, f4 = network(torch.rand(1, 3, 64, 64))
    assert (f3.shape[2], f4.shape[2]) == sides
    features = MobileNetV2(width=0.125, dilated=True)(torch.rand(1, 3, 64, 64))
    assert [x.shape[2] for x in features] == [32, 16, 8, 4, 4]


@pytest.mark.parametrize(("height", "width"), [(12, 18), (7, 5), (3, 40), (1, 1)])
@pytest.mark.parametrize("bins", [1, 2, 3, 6])
def test_grid_means_are_adaptive_average_pooling(height: int, width: int, bins: int) -> None:
    x = torch.rand(2, 3, height, width)
    torch.testing.assert_close(grid_means(x, bins), F.adaptive_avg_pool2d(x, bins))


def test_pyramid_pooling_sees_the_whole_map() -> None:
    pooling = PyramidPooling(4, 2, lambda _: [])
    x = torch.rand(1, 4, 8, 8, requires_grad=True)
    y = pooling(x)
    assert y.shape == (1, pooling.channels, 8, 8)
    y[0, :, 0, 0].sum().backward()
    assert x.grad is not None
    assert x.grad[0, :, -1, -1].any()


def test_semantic_human_mattings_fusion() -> None:
    network = Shm(TINY_SHM).eval()
    areas = torch.zeros(1, 3, 32, 32)
    areas[:, 0, :10], areas[:, 1, 10:20], areas[:, 2, 20:] = 1, 1, 1
    heads = network.heads(torch.rand(1, 3, 32, 32), areas)
    assert (heads["alpha"][:, :, :10] == 0).all()
    assert torch.equal(heads["alpha"][:, :, 10:20], heads["detail"][:, :, 10:20])
    assert (heads["alpha"][:, :, 20:] == 1).all()


def test_patterns_count_only_where_a_classifier_was_trained() -> None:
    network = Sim(TINY_SIM).eval()
    image, trimap = torch.rand(1, 3, 64, 64), torch.full((1, 64, 64), 128.0)
    trimap[:, :16], trimap[:, 48:] = 0, 255
    plain = network.heads(image, trimap)
    assert not plain["scores"].any()
    network.semantic.fill_(1)
    heads = network.heads(image, trimap)
    assert heads["scores"].shape == (1, len(PATTERNS), 64, 64)
    assert not heads["scores"][:, :, :16].any()
    torch.testing.assert_close(heads["scores"][:, :, 16:48].sum(1), torch.ones(1, 32, 64))
    assert not torch.equal(plain["alpha"], heads["alpha"])
    assert (heads["weights"] > 0).all()


def test_standardised_filters_ignore_scale_and_mean() -> None:
    convolution = StandardisedConv(3, 4, 3)
    x = torch.rand(1, 3, 8, 8)
    before = convolution(x)
    with torch.no_grad():
        convolution.weight.mul_(3).add_(0.5)
    torch.testing.assert_close(convolution(x), before, atol=1e-3, rtol=1e-3)


def test_feathering_is_linear_in_the_mask() -> None:
    network = FastDeepMatting(FastDeepMattingConfig(width=6, feathering=4)).eval()
    last = network.feathering.coefficients[-1]
    assert isinstance(last, nn.Conv2d)
    nn.init.zeros_(last.weight)
    assert last.bias is not None
    last.bias.data = torch.tensor([0.8, 0.1, 0.05])  # w_F, w_B, b
    heads = network.heads(torch.rand(1, 3, 16, 16))
    foreground = heads["logits"].softmax(dim=1)[:, 1:]
    expected = 0.8 * foreground + 0.1 * (1 - foreground) + 0.05
    torch.testing.assert_close(heads["alpha"], expected)
