"""EfficientNet-Lite without its classifier (Tan and Le 2019; the variants by Google).

The batch norms of the published weights are folded into the convolutions, so there are none here:
nothing drifts while a network is trained on these features, and the exported graph is smaller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.errors import NetworkError

MEAN, STD = 127 / 255, 128 / 255
"""Of all three channels of an image in [0, 1]: (x − 127) / 128 of its bytes."""
NORM_EPSILON = 1e-3


class Stage(NamedTuple):
    """Blocks in a row: how many, their kernel, the first one's stride, expansion, channels."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STEM = 32
LITE0 = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
LITE1 = tuple(
    stage._replace(repeats=repeats)
    for stage, repeats in zip(LITE0, (1, 3, 3, 4, 4, 5, 1), strict=True)
)
LITE2 = tuple(
    stage._replace(channels=channels)
    for stage, channels in zip(LITE1, (16, 24, 48, 88, 120, 208, 352), strict=True)
)
VARIANTS: Mapping[str, tuple[Stage, ...]] = {
    "efficientnet-lite0": LITE0,
    "efficientnet-lite1": LITE1,
    "efficientnet-lite2": LITE2,
}


class ConvReLU6(nn.Conv2d):
    """A convolution that pads as TensorFlow does ("same"), and ReLU6."""

    def __init__(
        self, channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(
            channels,
            out,
            kernel,
            stride=stride,
            padding=kernel // 2 if stride == 1 else 0,
            groups=groups,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, channels, H, W); sides are even where the stride is 2."""
        if self.stride[0] == 2:  # an even side lacks one pixel less before it than behind it
            before, behind = (self.kernel_size[0] - 2) // 2, (self.kernel_size[0] - 1) // 2
            x = F.pad(x, (before, behind, before, behind))
        return F.relu6(super().forward(x))


class MBConv(nn.Module):
    """Expand by 1×1, filter each channel, project by 1×1 without an activation (MBConv)."""

    def __init__(
        self, channels: int, out: int, *, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        inner = expansion * channels
        self.expand = ConvReLU6(channels, inner, 1) if expansion > 1 else None
        self.depthwise = ConvReLU6(inner, inner, kernel, stride, groups=inner)
        self.project = nn.Conv2d(inner, out, 1)
        self.residual = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, channels, H, W) to (B, out, H / stride, W / stride)."""
        inner = x if self.expand is None else self.expand(x)
        y: Tensor = self.project(self.depthwise(inner))
        return x + y if self.residual else y


class EfficientNetLite(nn.Module):
    """The features of an image at strides 2, 4, 8, 16 and 32.

    Args:
        variant: one of `VARIANTS`.

    Attributes:
        variant: which one it is.
        channels: of the five features; 16, 24, 40, 112 and 320 of "efficientnet-lite0".
        mean, std: what an image is normalised with.
    """

    mean, std = (MEAN,) * 3, (STD,) * 3

    def __init__(self, variant: str = "efficientnet-lite0") -> None:
        super().__init__()
        self.variant = variant
        self.stem = ConvReLU6(3, STEM, 3, stride=2)
        blocks: list[nn.Module] = []
        taps: dict[int, tuple[int, int]] = {}
        channels, stride = STEM, 2
        for stage in VARIANTS[variant]:
            stride *= stage.stride
            for number in range(stage.repeats):
                block = MBConv(
                    channels,
                    stage.channels,
                    kernel=stage.kernel,
                    stride=stage.stride if number == 0 else 1,
                    expansion=stage.expansion,
                )
                blocks.append(block)
                channels = stage.channels
            taps[stride] = len(blocks) - 1, channels  # the last block of a stride
        self.blocks = nn.ModuleList(blocks)
        self._taps = {block for block, _ in taps.values()}
        self.channels = tuple(channels for _, channels in taps.values())

    def forward(self, image: Tensor) -> list[Tensor]:
        """Compute the features, fine to coarse.

        Args:
            image: (B, 3, H, W) float, normalised by `mean` and `std`; H and W multiples of 32.

        Returns:
            Five tensors (B, channels[i], H / 2^(i+1), W / 2^(i+1)).
        """
        x = self.stem(image)
        features = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in self._taps:
                features.append(x)
        return features


def folded(state: Mapping[str, Any], encoder: EfficientNetLite) -> dict[str, Tensor]:
    """Return published weights under the encoder's names, batch norm folded into them.

    Args:
        state: the tensors of an EfficientNet-Lite as PyTorch ports publish them (`_conv_stem`,
            `_bn0`, `_blocks.N._expand_conv`, …); the classifier is not used.
        encoder: the network that they are for.

    Raises:
        NetworkError: names are missing or unexpected: it is a file of another network.
    """
    layers = list(_layers(encoder))
    parts = ("weight", "bias", "running_mean", "running_var")
    wanted = {f"{conv}.weight" for _, conv, _ in layers}
    wanted |= {f"{norm}.{part}" for _, _, norm in layers for part in parts}
    given = {name for name in state if not name.endswith("num_batches_tracked")}
    given = {name for name in given if not name.startswith(("_conv_head.", "_bn1.", "_fc."))}
    if given != wanted:
        missing, unexpected = sorted(wanted - given), sorted(given - wanted)
        raise NetworkError(
            "encoder-mismatch",
            f"These are not the weights of this EfficientNet-Lite: {len(missing)} are missing "
            f"({', '.join(missing[:3])}), {len(unexpected)} unexpected "
            f"({', '.join(unexpected[:3])}).",
            "Use the file of the variant that the configuration names.",
        )
    result = {}
    for ours, conv, norm in layers:
        scale, shift, mean, variance = (state[f"{norm}.{part}"] for part in parts)
        factor = scale / torch.sqrt(variance + NORM_EPSILON)
        weight = state[f"{conv}.weight"]
        result[f"{ours}.weight"] = weight * factor.reshape(-1, *(1,) * (weight.ndim - 1))
        result[f"{ours}.bias"] = shift - mean * factor
    return result


def _layers(encoder: EfficientNetLite) -> Iterator[tuple[str, str, str]]:
    """Yield every convolution's name here, its published name, and that of its batch norm."""
    yield "stem", "_conv_stem", "_bn0"
    for number, block in enumerate(encoder.blocks):
        ours, theirs = f"blocks.{number}", f"_blocks.{number}"
        assert isinstance(block, MBConv)
        for place, name in enumerate(("expand", "depthwise", "project")):
            if getattr(block, name) is not None:
                yield f"{ours}.{name}", f"{theirs}._{name}_conv", f"{theirs}._bn{place}"
