"""The decoder: residual up-sampling blocks and the alpha heads at output stride 8, 4 and 1."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.citm.config import CitmConfig
from matteplug.networks.citm.spectral import spectral

LEAK = 0.2


class DecoderResidualBlock(nn.Module):
    """Two convolutions beside the identity; an up-sampling one doubles the resolution first."""

    def __init__(self, channels: int, out: int, up: bool, spectral_norm: bool) -> None:
        super().__init__()
        first: nn.Module = (
            nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1, bias=False)
            if up
            else nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        )
        self.conv1 = spectral(first, spectral_norm)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = spectral(nn.Conv2d(channels, out, 3, padding=1, bias=False), spectral_norm)
        self.bn2 = nn.BatchNorm2d(out)
        self.upsample: nn.Sequential | None = None
        if up:
            self.upsample = nn.Sequential(
                nn.UpsamplingNearest2d(scale_factor=2),
                spectral(nn.Conv2d(channels, out, 1, bias=False), spectral_norm),
                nn.BatchNorm2d(out),
            )
        self.activation = nn.LeakyReLU(LEAK, inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, C, H, W); an up-sampling block returns (B, out, 2H, 2W)."""
        y = self.activation(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        identity = x if self.upsample is None else self.upsample(x)
        joined: Tensor = self.activation(y + identity)
        return joined


class CitmDecoder(nn.Module):
    """Merge the encoder's features, coarse to fine, and read alpha logits at three of the steps.

    Args:
        config: the network's numbers.
    """

    def __init__(self, config: CitmConfig) -> None:
        super().__init__()
        if config.decoder != config.shortcuts[4:0:-1]:
            raise ValueError("the decoder's channels must be those of shortcuts 4, 3, 2 and 1")
        normed = config.spectral_norm
        channels, blocks = (config.shortcuts[5], *config.decoder), config.blocks
        self.layer1 = layer(channels[0], channels[1], blocks[0], normed)
        self.layer2 = layer(channels[1], channels[2], blocks[1], normed)
        self.layer3 = layer(channels[2], channels[3], blocks[2], normed)
        self.layer4 = layer(channels[3], channels[4], blocks[3], normed)
        finest = config.shortcuts[0]
        self.detail = config.detail
        if config.detail == 1:
            last = nn.ConvTranspose2d(channels[4], finest, 4, stride=2, padding=1, bias=False)
            self.conv1 = spectral(last, normed)
            self.bn1 = nn.BatchNorm2d(finest)
            self.activation = nn.LeakyReLU(LEAK, inplace=True)
        self.head_os8 = head(config.decoder[1], config.head)
        self.head_os4 = head(config.decoder[2], config.head)
        self.head_os1 = head(finest, config.head, config.detail**2 + config.propagation)

    def forward(self, features: list[Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Decode the encoder's six maps.

        Returns:
            Alpha logits (B, 1, ·, ·) at output stride 8, 4 and 1, and the logarithm of the last
            one's data-term weight at output stride `detail`; no channels without propagation.
        """
        os1, os2, os4, os8, os16, x = features
        x = self.layer1(x) + os16
        x = self.layer2(x) + os8
        logit_os8 = self.head_os8(x)
        x = self.layer3(x) + os4
        logit_os4 = self.head_os4(x)
        x = self.layer4(x) + os2
        if self.detail == 1:
            x = self.activation(self.bn1(self.conv1(x)))
        finest = self.head_os1(x + os1)
        logit_os1 = F.pixel_shuffle(finest[:, : self.detail**2], self.detail)
        return logit_os8, logit_os4, logit_os1, finest[:, self.detail**2 :]


def layer(channels: int, out: int, blocks: int, spectral_norm: bool) -> nn.Sequential:
    """Return an up-sampling block and `blocks` − 1 plain ones."""
    first = DecoderResidualBlock(channels, out, up=True, spectral_norm=spectral_norm)
    rest = [DecoderResidualBlock(out, out, False, spectral_norm) for _ in range(blocks - 1)]
    return nn.Sequential(first, *rest)


def head(channels: int, hidden: int, out: int = 1) -> nn.Sequential:
    """Return an alpha head: (B, channels, H, W) to logits (B, out, H, W)."""
    return nn.Sequential(
        nn.Conv2d(channels, hidden, 3, padding=1, bias=False),
        nn.BatchNorm2d(hidden),
        nn.LeakyReLU(LEAK, inplace=True),
        nn.Conv2d(hidden, out, 3, padding=1),
    )
