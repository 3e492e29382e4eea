"""EfficientNet-Lite: padding, folding, and files that must be refused."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.errors import NetworkError
from matteplug.networks.backbones.efficientnet_lite import (
    NORM_EPSILON,
    VARIANTS,
    ConvReLU6,
    EfficientNetLite,
    MBConv,
    folded,
)


def published(encoder: EfficientNetLite) -> dict[str, Tensor]:
    """Return random weights under the published names, batch norms and a classifier included."""
    state = {"_conv_head.weight": torch.rand(4, 320, 1, 1), "_fc.bias": torch.rand(3)}
    state |= {"_bn1.weight": torch.rand(4)}

    def layer(conv: str, norm: str, weight: Tensor) -> None:
        state[f"{conv}.weight"] = torch.randn_like(weight)
        for part in ("weight", "running_var"):
            state[f"{norm}.{part}"] = torch.rand(len(weight)) + 0.5
        for part in ("bias", "running_mean"):
            state[f"{norm}.{part}"] = torch.randn(len(weight))
        state[f"{norm}.num_batches_tracked"] = torch.tensor(1)

    layer("_conv_stem", "_bn0", encoder.stem.weight)
    for number, block in enumerate(encoder.blocks):
        assert isinstance(block, MBConv)
        parts = (("expand", "_bn0"), ("depthwise", "_bn1"), ("project", "_bn2"))
        for name, norm in parts:
            convolution = getattr(block, name)
            if convolution is not None:
                prefix = f"_blocks.{number}"
                layer(f"{prefix}._{name}_conv", f"{prefix}.{norm}", convolution.weight)
    return state


@pytest.mark.parametrize(
    ("variant", "channels", "parameters"),
    [
        ("efficientnet-lite0", (16, 24, 40, 112, 320), 2.96e6),
        ("efficientnet-lite1", (16, 24, 40, 112, 320), 3.72e6),
        ("efficientnet-lite2", (16, 24, 48, 120, 352), 4.36e6),
    ],
)
def test_features_halve_and_have_the_published_widths(
    variant: str, channels: tuple[int, ...], parameters: float
) -> None:
    encoder = EfficientNetLite(variant).eval()
    assert encoder.channels == channels
    shapes = [tuple(f.shape) for f in encoder(torch.rand(2, 3, 64, 96))]
    assert shapes == [(2, c, 32 >> i, 48 >> i) for i, c in enumerate(channels)]
    # published with batch norm: two numbers per channel, of which folding leaves one
    counted = sum(p.numel() for p in encoder.parameters())
    counted += sum(len(m.weight) for m in encoder.modules() if isinstance(m, nn.Conv2d))
    assert counted == pytest.approx(parameters, abs=0.005e6)


@pytest.mark.parametrize(("kernel", "pads"), [(3, (0, 1, 0, 1)), (5, (1, 2, 1, 2))])
def test_stride_two_pads_as_tensorflow_does(kernel: int, pads: tuple[int, ...]) -> None:
    layer = ConvReLU6(2, 2, kernel, stride=2, groups=2)
    x = torch.rand(1, 2, 8, 12)
    plain = F.conv2d(F.pad(x, pads), layer.weight, layer.bias, stride=2, groups=2)
    torch.testing.assert_close(layer(x), F.relu6(plain))


def test_folding_gives_what_batch_norm_gave() -> None:
    torch.manual_seed(0)
    encoder = EfficientNetLite()
    state = published(encoder)
    encoder.load_state_dict(folded(state, encoder))
    x = torch.rand(1, 3, 16, 16)
    names = ("running_mean", "running_var", "weight", "bias")
    mean, variance, weight, bias = (state[f"_bn0.{name}"] for name in names)
    before = F.conv2d(F.pad(x, (0, 1, 0, 1)), state["_conv_stem.weight"], stride=2)
    expected = F.relu6(F.batch_norm(before, mean, variance, weight, bias, eps=NORM_EPSILON))
    torch.testing.assert_close(encoder.stem(x), expected, rtol=1e-4, atol=1e-4)


def test_another_networks_file_is_refused() -> None:
    encoder = EfficientNetLite("efficientnet-lite1")
    state = published(EfficientNetLite("efficientnet-lite0"))
    with pytest.raises(NetworkError, match="missing"):
        folded(state, encoder)
    assert set(VARIANTS) == {f"efficientnet-lite{n}" for n in range(3)}
