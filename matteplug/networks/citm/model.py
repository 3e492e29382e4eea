"""CITM: a trimap matting network whose prior tokens travel across layers (figure 1)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.backbones.efficientnet_lite import EfficientNetLite
from matteplug.networks.citm.compact import CompactDecoder, CompactEncoder
from matteplug.networks.citm.config import CitmConfig, CompactConfig
from matteplug.networks.citm.decoder import CitmDecoder
from matteplug.networks.citm.encoder import SwinEncoder
from matteplug.networks.citm.priors import Priors
from matteplug.networks.citm.refinement import refine
from matteplug.networks.ops.alpha_propagation import propagate_alpha

MULTIPLE = 32
STRIDES = (8, 4, 1)
"""Output strides of the heads."""
PRIOR_CLAMP = 0.02
"""A prior alpha is kept this far from 0 and 1, so that the heads can still overturn it."""
LOG_DATA_WEIGHT, LOG_WEIGHT_RANGE = -3.0, 6.0
"""Logarithm of alpha's data-term weight before training, and by how much it may change."""
LIKENESS_SHARE = 0.25
"""Share of likeness's logit in each head's before training."""


class Citm(nn.Module):
    """Image and trimap in, alpha out.

    Args:
        config: the network's numbers; `config.PAPER` or `config.COMPACT`.

    Attributes:
        likeness_share: (3,), the share of likeness in the logits of the heads (compact only).
    """

    mean: Tensor
    std: Tensor
    features_mean: Tensor
    features_std: Tensor
    encoder: SwinEncoder | CompactEncoder
    decoder: CitmDecoder | CompactDecoder

    def __init__(self, config: CitmConfig | CompactConfig) -> None:
        super().__init__()
        self.config = config
        channels = 6
        if config.priors:
            self.priors = Priors(config.priors)
            channels += self.priors.channels
        if isinstance(config, CompactConfig):
            self._build_compact(config, channels)
        else:
            self.encoder, self.decoder = SwinEncoder(config, channels), CitmDecoder(config)
        mean, std = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # ImageNet
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)
        if config.priors:
            self._start_as_the_prior()

    def forward(self, image: Tensor, trimap: Tensor) -> Tensor:
        """Compute the matte.

        Args:
            image: (B, 3, H, W) float in [0, 1]; H and W multiples of 32.
            trimap: (B, H, W), 0 background, 1 unknown, 2 foreground.

        Returns:
            Alpha (B, 1, H, W) in [0, 1], refined, exactly 0 and 1 in the known area.
        """
        heads = self.heads(image, trimap)
        alpha = refine(heads, self.config.refine_px)["alpha_os1"]
        if self.config.propagation:
            alpha = self.propagate(image, trimap, alpha, heads["data_weight"])
        known = trimap.unsqueeze(1)
        alpha = torch.where(known == 0, torch.zeros_like(alpha), alpha)
        return torch.where(known == 2, torch.ones_like(alpha), alpha)

    def heads(self, image: Tensor, trimap: Tensor) -> dict[str, Tensor]:
        """Compute the three alphas before progressive refinement.

        Args:
            image: (B, 3, H, W) float in [0, 1]; H and W multiples of 32.
            trimap: (B, H, W), 0 background, 1 unknown, 2 foreground.

        Returns:
            "alpha_os8", "alpha_os4" and "alpha_os1", each (B, 1, H, W) float32 in [0, 1]; with
            propagation also "data_weight", (B, 1, H/2, W/2) float32, positive.

        Raises:
            ValueError: a side is not a multiple of 32.
        """
        height, width = image.shape[2:]
        if not torch.compiler.is_exporting() and (height % MULTIPLE or width % MULTIPLE):
            raise ValueError(f"sides must be multiples of {MULTIPLE}, not {height}×{width}")
        areas = torch.stack([trimap == i for i in range(3)], dim=1).to(image.dtype)
        inputs = [(image - self.mean) / self.std, areas]
        prior, likeness = None, None
        with torch.no_grad():
            features = self._features(image)
            if self.config.priors:
                channels, prior = self.priors(image, areas, features)
                inputs.append(channels)
                if self.priors.likeness is not None:
                    likeness = channels[:, self.priors.likeness, None] * areas[:, 1:2]
        x = torch.cat(inputs, dim=1).contiguous(memory_format=torch.channels_last)
        if isinstance(self.config, CompactConfig):
            *logits, log_weight = self.decoder(self.encoder(x, areas, features))
        else:
            *logits, log_weight = self.decoder(self.encoder(x, areas))
        if likeness is not None:
            logits = [
                logit.float() + share * _shrunk(likeness, stride) / 2  # tanh(x/2) is sigmoid(x)
                for logit, stride, share in zip(logits, STRIDES, self.likeness_share, strict=True)
            ]
        alphas = [_alpha(logit, s, prior) for logit, s in zip(logits, STRIDES, strict=True)]
        heads = dict(zip(("alpha_os8", "alpha_os4", "alpha_os1"), alphas, strict=True))
        if self.config.propagation:
            log_weight = log_weight.float().clamp(-LOG_WEIGHT_RANGE, LOG_WEIGHT_RANGE)
            data_weight = (log_weight + LOG_DATA_WEIGHT).exp()
            heads["data_weight"] = _shrunk(data_weight, 2 // self.config.finest)
        return heads

    def propagate(
        self, image: Tensor, trimap: Tensor, alpha: Tensor, data_weight: Tensor
    ) -> Tensor:
        """Propagate the reliable part of an alpha through the unknown area.

        Args:
            image: (B, 3, H, W) float in [0, 1].
            trimap: (B, H, W), 0 background, 1 unknown, 2 foreground.
            alpha: (B, 1, H, W) float32 in [0, 1].
            data_weight: (B, 1, H/2, W/2) float32, positive.

        Returns:
            Alpha (B, 1, H, W) float32 in [0, 1].
        """
        unknown = (trimap == 1).unsqueeze(1).float()
        return propagate_alpha(image, unknown, alpha, data_weight, stride=2)

    def _build_compact(self, config: CompactConfig, channels: int) -> None:
        joining: tuple[int, ...] = ()
        if config.features:
            self.features = EfficientNetLite(config.features).requires_grad_(False)
            self.register_buffer("features_mean", _colour(self.features.mean), persistent=False)
            self.register_buffer("features_std", _colour(self.features.std), persistent=False)
            joining = self.features.channels[2:]
        self.encoder = CompactEncoder(config, channels, joining)
        self.decoder = CompactDecoder(config)
        if "likeness" in config.priors:
            self.likeness_share = nn.Parameter(torch.full((len(STRIDES),), LIKENESS_SHARE))

    def _features(self, image: Tensor) -> list[Tensor]:
        """Return the frozen features at output stride 8, 16 and 32; none without."""
        if not (isinstance(self.config, CompactConfig) and self.config.features):
            return []
        features: list[Tensor] = self.features((image - self.features_mean) / self.features_std)
        return features[2:]

    def _start_as_the_prior(self) -> None:
        decoder = self.decoder
        for head in (decoder.head_os8, decoder.head_os4, decoder.head_os1):
            last = head if isinstance(head, nn.Conv2d) else cast(nn.Conv2d, head[-1])
            nn.init.normal_(last.weight, std=1e-3)
            nn.init.zeros_(cast(Tensor, last.bias))


def _shrunk(x: Tensor, stride: int) -> Tensor:
    """Return the means of (B, C, H, W) over squares of side `stride`."""
    return F.avg_pool2d(x, stride) if stride > 1 else x


def _colour(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).view(3, 1, 1)


def _alpha(logit: Tensor, stride: int, prior: Tensor | None) -> Tensor:
    """Return (tanh + 1) / 2 at full size of logits at an output stride, added to the prior."""
    logit = logit.float()
    if prior is not None:
        coarse = _shrunk(prior.float(), stride)
        logit = logit + torch.logit(coarse.clamp(PRIOR_CLAMP, 1 - PRIOR_CLAMP)) / 2  # artanh
    if stride > 1:
        logit = F.interpolate(
            logit, scale_factor=float(stride), mode="bilinear", align_corners=False
        )
    return (torch.tanh(logit) + 1) / 2
