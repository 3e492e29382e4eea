"""MODNet: semantics at low resolution, detail at high resolution, and their fusion (figure 2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from matteplug.networks.backbones.mobilenetv2 import MobileNetV2
from matteplug.networks.modnet.config import ModnetConfig
from matteplug.networks.modnet.layers import ConvIBNReLU, SqueezeExcitation
from matteplug.networks.ops.resizing import double, resize

MULTIPLE = 32


class Modnet(nn.Module):
    """Portrait in, alpha out.

    Args:
        config: the network's numbers; `config.PAPER`.
    """

    def __init__(self, config: ModnetConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = MobileNetV2(width=config.width)
        e2, e4, _, _, e32 = self.backbone.channels
        self.low = LowResolutionBranch(e32, config.low)
        self.high = HighResolutionBranch(e2, e4, config.low[1], config.high)
        self.fusion = FusionBranch(config.low[1], config.high, config.fused)

    def forward(self, image: Tensor) -> Tensor:
        """Return alpha (B, 1, H, W) in [0, 1] of an image as for `heads`."""
        return self.heads(image)["alpha"]

    def heads(self, image: Tensor) -> dict[str, Tensor]:
        """Compute the three predictions that the losses act on (equations 1, 3 and 4).

        Args:
            image: (B, 3, H, W) float in [0, 1]; H and W multiples of 32.

        Returns:
            "semantic" (B, 1, H/16, W/16), "detail" and "alpha" (B, 1, H, W), float32 in [0, 1].

        Raises:
            ValueError: a side is not a multiple of 32.
        """
        height, width = image.shape[2:]
        if not torch.compiler.is_exporting() and (height % MULTIPLE or width % MULTIPLE):
            raise ValueError(f"sides must be multiples of {MULTIPLE}, not {height}×{width}")
        image = (image - 0.5) / 0.5
        e2, e4, _, _, e32 = self.backbone(image)
        semantic, lr8 = self.low(e32)
        detail, hr2 = self.high(image, e2, e4, lr8)
        alpha = self.fusion(image, lr8, hr2)
        logits = {"semantic": semantic, "detail": detail, "alpha": alpha}
        return {name: logit.float().sigmoid() for name, logit in logits.items()}


class LowResolutionBranch(nn.Module):
    """Where the person is: S, from the backbone's coarsest features (section 3.1).

    Args:
        channels: of those features.
        widths: channels at 1/16 and 1/8.
    """

    def __init__(self, channels: int, widths: tuple[int, int]) -> None:
        super().__init__()
        self.attention = SqueezeExcitation(channels, reduction=4)
        self.to16 = ConvIBNReLU(channels, widths[0], 5)
        self.to8 = ConvIBNReLU(widths[0], widths[1], 5)
        self.semantic = nn.Conv2d(widths[1], 1, 3, stride=2, padding=1)

    def forward(self, e32: Tensor) -> tuple[Tensor, Tensor]:
        """Return the semantic logits at 1/16 and the features at 1/8."""
        lr16 = self.to16(double(self.attention(e32)))
        lr8 = self.to8(double(lr16))
        return self.semantic(lr8), lr8


class HighResolutionBranch(nn.Module):
    """What its border is like: D, from picture, fine features and S's features (section 3.2)."""

    def __init__(self, e2: int, e4: int, low: int, width: int) -> None:
        super().__init__()
        self.from_e2 = ConvIBNReLU(e2, width, 1)
        self.to4 = ConvIBNReLU(width + 3, width, 3, stride=2)
        self.from_e4 = ConvIBNReLU(e4, width, 1)
        self.joint4 = ConvIBNReLU(2 * width, 2 * width, 3)
        self.at4 = nn.Sequential(
            ConvIBNReLU(2 * width + low + 3, 2 * width, 3),
            ConvIBNReLU(2 * width, 2 * width, 3),
            ConvIBNReLU(2 * width, width, 3),
        )
        self.at2 = nn.Sequential(
            ConvIBNReLU(2 * width, 2 * width, 3),
            ConvIBNReLU(2 * width, width, 3),
            ConvIBNReLU(width, width, 3),
            ConvIBNReLU(width, width, 3),
        )
        self.detail = nn.Sequential(ConvIBNReLU(width + 3, width, 3), nn.Conv2d(width, 1, 1))

    def forward(self, image: Tensor, e2: Tensor, e4: Tensor, lr8: Tensor) -> tuple[Tensor, Tensor]:
        """Return the detail logits at full size and the features at 1/2."""
        height, width = image.shape[2:]
        image2 = resize(image, height // 2, width // 2)
        image4 = resize(image, height // 4, width // 4)
        fine = self.from_e2(e2)
        x = self.to4(torch.cat((image2, fine), dim=1))
        x = self.joint4(torch.cat((x, self.from_e4(e4)), dim=1))
        x = self.at4(torch.cat((x, double(lr8), image4), dim=1))
        hr2 = self.at2(torch.cat((double(x), fine), dim=1))
        return self.detail(torch.cat((double(hr2), image), dim=1)), hr2


class FusionBranch(nn.Module):
    """Alpha, from both branches' features and the picture (section 3.3)."""

    def __init__(self, low: int, high: int, width: int) -> None:
        super().__init__()
        self.to4 = ConvIBNReLU(low, high, 5)
        self.to2 = ConvIBNReLU(2 * high, high, 3)
        self.alpha = nn.Sequential(ConvIBNReLU(high + 3, width, 3), nn.Conv2d(width, 1, 1))

    def forward(self, image: Tensor, lr8: Tensor, hr2: Tensor) -> Tensor:
        """Return the logits of alpha at full size."""
        lr4 = self.to4(double(lr8))
        f2 = self.to2(torch.cat((double(lr4), hr2), dim=1))
        alpha: Tensor = self.alpha(torch.cat((double(f2), image), dim=1))
        return alpha
